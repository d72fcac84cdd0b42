package main

import "testing"

func TestCurvesAreHeldToTheirShape(t *testing.T) {
	points := func(ys ...float64) (list []point) {
		x := 1.0
		for _, y := range ys {
			list = append(list, point{x, y})
			x *= 10
		}
		return list
	}
	for _, row := range []struct {
		name string
		c    curve
		ok   bool
	}{
		{"flat", curve{tolerance: 2, points: points(1, 1, 1.9)}, true},
		{"not flat", curve{tolerance: 2, points: points(1, 1, 2.1)}, false},
		{"linear behind fixed costs", curve{power: 1, tolerance: 1.5, points: points(10, 10, 100)}, true},
		{"quadratic", curve{power: 1, tolerance: 1.5, points: points(1, 100, 10000)}, false},
		{"a step, and flat on both sides", curve{tolerance: 2, step: 2, points: points(1, 1, 9, 9)}, true},
		{"a step, and not flat behind it", curve{tolerance: 2, step: 2, points: points(1, 1, 9, 90)}, false},
		{"a step, and not flat before it", curve{tolerance: 2, step: 2, points: points(1, 3, 9, 9)}, false},
	} {
		if err := row.c.check(); (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}
