package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// quick are the tests that notice most and take no time, and slow those that take seconds. Every test runs where the
// ones before it have noticed nothing.
const (
	quick = "TestHostile|TestNewRefuses"
	slow  = "TestAThousand|TestSlowSenders"
)

// leastPatience is how long tests may take at least, however fast they are over the unbroken code.
const leastPatience = 30 * time.Second

// bench is where mutations are tried.
type bench struct {
	root   string
	folder string
	suites map[string]*suite // by package

	mu    sync.Mutex
	known map[string][]string // by file and package, what noticed other mutations of it: the first guess
}

// suite is the tests of one package over the unbroken code.
type suite struct {
	program string
	parts   []part
}

// part is some of the tests.
type part struct {
	which    []string // the flags that pick them
	patience time.Duration
}

// prepare builds the tests that some mutations need, and fails where they do not pass over the unbroken code.
func (b *bench) prepare(some []mutation) error {
	for i := range some {
		for _, p := range some[i].packages() {
			if b.suites[p] != nil {
				continue
			}
			s := &suite{program: filepath.Join(b.folder, fmt.Sprintf("unbroken%d", len(b.suites)))}
			if err := b.build(p, s.program, ""); err != nil {
				return fmt.Errorf("%s: the unbroken code: %w", p, err)
			}
			began := time.Now()
			for _, which := range [][]string{{"-test.run", quick}, {"-test.skip", quick + "|" + slow}, {"-test.run", slow}} {
				start := time.Now()
				if out, passed := b.run(p, s.program, 10*time.Minute, which...); !passed {
					return fmt.Errorf("%s: a test fails over the unbroken code, so that it can tell nothing of broken code: %s", p, out)
				}
				// Broken code may wait for ever. Others may need the machine, so that some time more is no sign of
				// that.
				s.parts = append(s.parts, part{which, max(leastPatience, 6*time.Since(start))})
			}
			b.suites[p] = s
			fmt.Printf("unbroken  %s passes in %s\n", p, time.Since(began).Round(100*time.Millisecond))
		}
	}
	return nil
}

// build makes a package's tests a program. What a debugger would need takes a quarter of the compiler's time.
func (b *bench) build(pkg, program, overlay string) error {
	args := []string{"test", "-c", "-vet=off", "-gcflags=./...=-dwarf=false", "-ldflags=-s -w", "-o", program}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = filepath.Join(b.root, pkg) // which may be of a nested module: it replaces the library by this checkout
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("it does not compile: %s", out)
	}
	return nil
}

// run runs some tests of a program, and gives what they printed and whether they passed.
func (b *bench) run(pkg, program string, patience time.Duration, which ...string) (string, bool) {
	cmd := exec.Command(program, append(which, "-test.failfast", "-test.timeout", patience.String())...)
	cmd.Dir = filepath.Join(b.root, pkg)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// try runs the tests over the broken code and names what noticed it.
func (b *bench) try(m *mutation) (by string, err error) {
	text, err := m.apply(b.root)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(b.folder, "broken")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	original, err := filepath.Abs(filepath.Join(b.root, m.file))
	if err != nil {
		return "", err
	}
	broken, overlay := filepath.Join(folder, filepath.Base(m.file)), filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: broken}})
	if err != nil {
		return "", err
	}
	for name, data := range map[string][]byte{broken: text, overlay: replace} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return "", err
		}
	}
	for i, pkg := range m.packages() {
		program := filepath.Join(folder, fmt.Sprintf("test%d", i))
		if err := b.build(pkg, program, overlay); err != nil {
			return "", err
		}
		place := m.file + " " + pkg
		for _, p := range b.partsFor(pkg, place) {
			out, passed := b.run(pkg, program, p.patience, p.which...)
			if passed {
				continue
			}
			by, tests := noticedBy(out)
			err := b.confirm(pkg, program, p, tests)
			if err == nil && len(tests) == 1 {
				b.learn(place, tests[0])
			}
			return by, err
		}
	}
	return "", nil
}

// partsFor are all of a package's tests, and before them those that have noticed other mutations of the place.
func (b *bench) partsFor(pkg, place string) []part {
	b.mu.Lock()
	defer b.mu.Unlock()
	parts := b.suites[pkg].parts
	if first := b.known[place]; len(first) > 0 {
		parts = append([]part{{[]string{"-test.run", only(first)}, parts[1].patience}}, parts...)
	}
	return parts
}

func (b *bench) learn(place, test string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.known[place], test) {
		b.known[place] = append(b.known[place], test)
	}
}

func only(tests []string) string { return "^(" + strings.Join(tests, "|") + ")$" }

// confirm lets what noticed a mutation do so again, alone, and look at the unbroken code.
func (b *bench) confirm(pkg, program string, p part, tests []string) error {
	which := p.which
	if len(tests) > 0 {
		which = []string{"-test.run", only(tests)}
	}
	if _, passed := b.run(pkg, program, p.patience, which...); passed {
		return fmt.Errorf("it was noticed once and not again: %s %s", which[0], which[1])
	}
	if out, passed := b.run(pkg, b.suites[pkg].program, p.patience, which...); !passed {
		return errors.New("what noticed it fails over the unbroken code as well: " + out)
	}
	return nil
}

var (
	failed  = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)              //lint:immutable an expression
	running = regexp.MustCompile(`(?m)^\t+(Test[^/ ]+)(?:/.*)? \(.+\)$`) //lint:immutable an expression
)

// noticedBy says what noticed, and which tests these are, where that is known.
func noticedBy(out string) (by string, tests []string) {
	if _, list, ok := strings.Cut(out, "panic: test timed out"); ok {
		list, _, _ = strings.Cut(list, "\n\n")
		for _, m := range running.FindAllStringSubmatch(list, -1) {
			if !slices.Contains(tests, m[1]) {
				tests = append(tests, m[1])
			}
		}
		return strings.TrimSuffix("a timeout of "+strings.Join(tests, ", "), " of "), tests
	}
	if all := failed.FindAllStringSubmatch(out, -1); all != nil {
		by = all[0][1]
		if len(all) > 1 && strings.HasPrefix(all[1][1], by+"/") {
			return all[1][1], []string{by} // a case stands behind its test
		}
		return by, []string{by}
	}
	if strings.Contains(out, "goleak: Errors") {
		return "a goroutine that is left", nil
	}
	return "a panic", nil
}
