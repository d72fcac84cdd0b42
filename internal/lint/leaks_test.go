package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryPackageLooksForLeaks: tests that leave a goroutine behind fail, in every package of every module.
func TestEveryPackageLooksForLeaks(t *testing.T) {
	looks := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root:
			if name := d.Name(); name == "testdata" || name[0] == '.' {
				return fs.SkipDir
			}
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			folder := filepath.Dir(path)
			looks[folder] = looks[folder] || strings.Contains(string(text), "goleak.VerifyTestMain(m") ||
				strings.Contains(string(text), "goleak.Find()")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(looks) < 20 {
		t.Fatalf("%d packages with tests: nothing was tested", len(looks))
	}
	for folder, ok := range looks {
		name, err := filepath.Rel(root, folder)
		if err != nil {
			t.Fatal(err)
		}
		if !ok && !slices.Contains(carried(), filepath.ToSlash(name)) {
			t.Errorf("%s: no TestMain calls goleak.VerifyTestMain: add a main_test.go, as in core/replay", folder)
		}
	}
}
