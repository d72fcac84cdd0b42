package lint_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// machinePaths finds what only this machine has: the folder of this checkout, the home folder, a setting of where
// modules come from. They come along with pasted output.
func machinePaths(t *testing.T) *regexp.Regexp {
	t.Helper()
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{`GOPROXY=["']?https?:`, regexp.QuoteMeta(here) + `\b`}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		parts = append(parts, regexp.QuoteMeta(home)+`/(?:go|\.)`)
	}
	return regexp.MustCompile(strings.Join(parts, "|"))
}

// TestNoSelfReference keeps the machines that we work on out of the files that we publish.
func TestNoSelfReference(t *testing.T) {
	paths := machinePaths(t)
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"cd " + here: true, here + "/x.md": true, "GOPROXY=" + "https://proxy.example": true, `GOPROXY="` +
			"http://x": true,
		"GOPROXY=off": false, here + "frame": false,
	} {
		if got := paths.MatchString(text); got != want {
			t.Errorf("%q: found %v", text, got)
		}
	}
	files := 0
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == ".tmp" || d.Name() == "testdata"):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			return nil // no text
		}
		files++
		for i, line := range bytes.Split(text, []byte("\n")) {
			if found := paths.Find(line); found != nil {
				t.Errorf("%s:%d: %q belongs to one machine; say it without", name, i+1, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("only %d files were read: nothing was tested", files)
	}
}
