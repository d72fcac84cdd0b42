package lint_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// machinePaths are what only one machine has: its folders and its settings. They come along with pasted output.
var machinePaths = regexp.MustCompile(`/root/(?:go|\.)|/work/(?:main|shared)\b|GOPROXY=["']?https?:`)

// TestNoSelfReference keeps the machines that we work on out of the files that we publish.
func TestNoSelfReference(t *testing.T) {
	for text, want := range map[string]bool{
		"at /root/" + "go/pkg/mod": true, "cd /work/" + "main": true, "/work/" + "shared/x.md": true,
		"GOPROXY=" + "https://proxy.example": true, `GOPROXY="` + "http://x": true,
		"/network/mainline": false, "GOPROXY=off": false, "work/mainframe": false, "the /root/element": false,
	} {
		if got := machinePaths.MatchString(text); got != want {
			t.Errorf("%q: found %v", text, got)
		}
	}
	files := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
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
			if found := machinePaths.Find(line); found != nil {
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
