package storetest

import "testing"

// RuleNames returns the names of all rules, those of RunConcurrent included.
func RuleNames() []string {
	var names []string
	for _, r := range append(rules(), concurrentRules()...) {
		names = append(names, r.name)
	}
	return names
}

// Explanation returns what a rule prints when it is broken.
func Explanation(name string) string {
	for _, r := range append(rules(), concurrentRules()...) {
		if r.name == name {
			return r.explanation
		}
	}
	return ""
}

// Violations tries every rule that applies, and returns the errors of the broken ones by name.
func Violations(t *testing.T, h Harness) map[string]error {
	t.Helper()
	h = h.withDefaults()
	broken := make(map[string]error)
	for _, r := range append(rules(), concurrentRules()...) {
		if !r.appliesTo(h) {
			continue
		}
		h.Test(t, func(t *testing.T) {
			if err := r.check(t, h); err != nil {
				broken[r.name] = err
			}
		})
	}
	return broken
}

// HistoryViolation returns the error of the first history that goes wrong.
func HistoryViolation(t *testing.T, h Harness, n int, seed uint64) (err error) {
	t.Helper()
	h = h.withDefaults()
	h.Test(t, func(t *testing.T) { err = checkHistories(t, h, n, seed) })
	return err
}

// FaultyHistoryViolation returns the error of the first history with faults that goes wrong.
func FaultyHistoryViolation(t *testing.T, h Harness, n int, seed uint64) (err error) {
	t.Helper()
	h = h.withDefaults()
	h.Test(t, func(t *testing.T) { err = checkFaultyHistories(t, h, n, seed) })
	return err
}
