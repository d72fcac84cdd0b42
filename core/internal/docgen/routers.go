package docgen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sallyport-go/sallyport/internal/routers"
)

const (
	routersHead = "| router | from | line | a whole program |\n|---|---|---|---|\n"
	methodsHead = "| | `Handle` | `Use` on a group, with a `POST` route | `Verify` on a `POST` route | " +
		"`Use` on the whole app |\n|---|---|---|---|---|\n"
)

// Routers returns the pages that list the routers which have an adapter, by their paths in the folder of the module,
// with the rows of their tables. A router's line is the one in the documentation of its package, its oldest version
// that of go.mod.
func Routers(root string) (map[string]string, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	var lines, methods strings.Builder
	for _, r := range routers.All() {
		line, err := handleLine(root, r.Name+"webhook")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&lines, "| %s | %s | `%s` | [examples/%s](examples/%s) |\n",
			r.Title, floorOf(string(mod), r.Module), line, r.Name, r.Name)
		fmt.Fprintf(&methods, "| %s | %s |\n", r.Title, strings.Join(r.Methods[:], " | "))
	}
	pages := map[string]string{}
	for _, t := range []struct{ page, head, rows string }{
		{"README.md", routersHead, lines.String()},
		{"docs/signals.md", methodsHead, methods.String()},
	} {
		if pages[t.page], err = withRows(filepath.Join(root, t.page), t.head, t.rows); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// floorOf returns the version of a module that go.mod requires, without its last number, or the Go version for none.
func floorOf(mod, module string) string {
	name := "go"
	if module != "" {
		name = module
	}
	for line := range strings.Lines(mod) {
		if fields := strings.Fields(strings.TrimPrefix(line, "require ")); len(fields) > 1 && fields[0] == name {
			version := strings.TrimPrefix(fields[1], "v")
			if parts := strings.SplitN(version, ".", 3); len(parts) == 3 {
				version = parts[0] + "." + parts[1]
			}
			if module == "" {
				return "Go " + version
			}
			return version
		}
	}
	return ""
}

// withRows returns a page with other rows in the table that has this head.
func withRows(file, head, rows string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	before, rest, found := strings.Cut(string(text), head)
	if !found {
		return "", fmt.Errorf("%s has no table that begins with %q", file, head)
	}
	_, after, _ := strings.Cut("\n"+rest, "\n\n")
	return before + head + rows + "\n" + after, nil
}

// handleLine returns the line with Handle in the documentation of an adapter.
func handleLine(root, adapter string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, adapter, "*.go"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(text)) {
			if call, ok := strings.CutPrefix(line, "//\t"+adapter+".Handle("); ok {
				return adapter + ".Handle(" + strings.TrimSpace(call), nil
			}
		}
	}
	return "", fmt.Errorf("the documentation of %s shows no line with %s.Handle", adapter, adapter)
}
