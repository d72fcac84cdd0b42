package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatCountsAsNoticed tries a mutation of a module of its own, whose one test counts its runs: the first is over
// the unbroken code, the second over the broken code, the third again, and the fourth over the unbroken code once more.
func TestWhatCountsAsNoticed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, fails string // when the test fails
		by, says    string
	}{
		{"a test that notices", "Answer() != 42", "TestAnswer", ""},
		{"a test that looks away", "false", "", ""},
		{"a test that always fails", "true", "", "over the unbroken code, so that"},
		{"a test that happens to fail over the broken code", "run == 2", "TestAnswer", "once and not again"},
		{"a test that fails from some time on", "run > 1", "TestAnswer", "over the unbroken code as well"},
		{"a test that fails now and then, and notices as well", "run == 4 || Answer() != 42", "TestAnswer", "over the unbroken code as well"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for name, text := range map[string]string{
				"go.mod":      "module example.com/answer\n\ngo 1.26\n",
				"answer.go":   "package answer\n\nfunc Answer() int { return 42 }\n",
				"runs":        "",
				"put_test.go": fmt.Sprintf(counting, row.fails),
			} {
				require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
			}
			b := &bench{root: root, folder: t.TempDir(), suites: map[string]*suite{}, known: map[string][]string{}}
			m := mutation{name: "another answer", file: "answer.go", old: "42", new: "43", in: []string{"."}}
			by, err := "", b.prepare([]mutation{m})
			if err == nil {
				by, err = b.try(&m)
			}
			require.Equal(t, row.by, by)
			if row.says == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, row.says)
			}
		})
	}
}

const counting = `package answer

import (
	"os"
	"testing"
)

func TestAnswer(t *testing.T) {
	data, _ := os.ReadFile("runs")
	run := len(data) + 1
	if err := os.WriteFile("runs", append(data, '.'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _ = run; %s {
		t.Fatal("the answer is ", Answer())
	}
}
`

func TestWhoNoticedIsReadFromWhatWasPrinted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, out, by string
		tests         []string
	}{
		{"a test", "--- FAIL: TestA (0.00s)\n    a_test.go:7: no\nFAIL\n", "TestA", []string{"TestA"}},
		{"a case of a test", "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/W-01/a:_b (0.00s)\n        a_test.go:7: no\nFAIL\n", "TestA/W-01/a:_b", []string{"TestA"}},
		{"a timeout", "panic: test timed out after 1s\n\trunning tests:\n\t\tTestA (1s)\n\t\tTestB/c (0s)\n\t\tTestB/d (0s)\n\ngoroutine 7 [running]:\n\tTestC (1s)\n", "a timeout of TestA, TestB", []string{"TestA", "TestB"}},
		{"a timeout of nobody", "panic: test timed out after 1s\n\ngoroutine 7 [running]:\n", "a timeout", nil},
		{"a goroutine", "PASS\ngoleak: Errors on successful test run: found unexpected goroutines:\n", "a goroutine that is left", nil},
		{"a panic of another goroutine", "panic: no\n\ngoroutine 7 [running]:\n", "a panic", nil},
	} {
		by, tests := noticedBy(row.out)
		require.Equal(t, row.by, by, row.name)
		require.Equal(t, row.tests, tests, row.name)
	}
}
