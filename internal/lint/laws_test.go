package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const laws = 29

// TestEveryLawHasItsProof holds docs/laws.md to the tests that there are.
func TestEveryLawHasItsProof(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "laws.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]bool{} // by folder
	next := 1
	for line := range strings.Lines(string(page)) {
		row := regexp.MustCompile(`^\| ([0-9]+)([a-z]?)\. .* \| (.*) \|$`).FindStringSubmatch(strings.TrimSpace(line))
		if row == nil {
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
		named := 0
		for group := range strings.SplitSeq(row[3], "; ") {
			folder, names, ok := strings.Cut(group, ": ")
			if !ok {
				t.Errorf("law %s: %q names no package", row[1], group)
				continue
			}
			if tests[folder] == nil {
				tests[folder] = testsIn(t, folder)
			}
			for name := range strings.SplitSeq(names, ", ") {
				named++
				if !tests[folder][name] {
					t.Errorf("law %s: there is no %s in %s", row[1], name, folder)
				}
			}
		}
		if named == 0 {
			t.Errorf("law %s has no proof", row[1])
		}
	}
	if next != laws+1 {
		t.Errorf("%d laws have a line, and there are %d", next-1, laws)
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
