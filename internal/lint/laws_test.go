package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const laws = 32

// TestEveryLawHasItsProof holds docs/laws.md to the tests that there are.
func TestEveryLawHasItsProof(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "laws.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]bool{} // by folder
	next, journalLaw := 1, 0
	for line := range strings.Lines(string(page)) {
		row := regexp.MustCompile(`^\| (J?[0-9]+)([a-z]?)\. .* \| (.*) \|$`).FindStringSubmatch(strings.TrimSpace(line))
		if row == nil {
			continue
		}
		if strings.HasPrefix(row[1], "J") { // the journal's: in order, too, but some have no proof yet
			n, _ := strconv.Atoi(row[1][1:])
			if n <= journalLaw {
				t.Errorf("law %s stands behind law J%d", row[1], journalLaw)
			}
			journalLaw = n
			namesTests(t, tests, row[1], row[3])
			continue
		}
		want := next
		if row[2] != "" {
			want-- // a part of the law above
		} else {
			next++
		}
		if n, _ := strconv.Atoi(row[1]); n != want {
			t.Errorf("law %s stands where law %d belongs", row[1], want)
		}
		namesTests(t, tests, row[1], row[3])
	}
	if next != laws+1 {
		t.Errorf("%d laws have a line, and there are %d", next-1, laws)
	}
}

// namesTests checks that the proof of a law names tests, and that they exist. tests holds those of each folder read.
func namesTests(t *testing.T, tests map[string]map[string]bool, law, proof string) {
	t.Helper()
	named := 0
	for group := range strings.SplitSeq(proof, "; ") {
		folder, names, ok := strings.Cut(group, ": ")
		if !ok {
			t.Errorf("law %s: %q names no package", law, group)
			continue
		}
		if tests[folder] == nil {
			tests[folder] = testsIn(t, folder)
		}
		for name := range strings.SplitSeq(names, ", ") {
			named++
			if strings.Contains(name, ": ") {
				t.Errorf("law %s: write a semicolon before the next package: %q", law, name)
			} else if !tests[folder][name] {
				t.Errorf("law %s: there is no %s in %s", law, name, folder)
			}
		}
	}
	if named == 0 {
		t.Errorf("law %s has no proof", law)
	}
}

func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s", folder)
	}
	found := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(text, -1) {
			found[string(m[1])] = true
		}
	}
	return found
}
