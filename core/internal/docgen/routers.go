package docgen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sallyport-go/sallyport/internal/routers"
)

const routersHead = "| router | line | a whole program |\n|---|---|---|\n"

// Routers returns the README, in the folder of the module, with the table of the routers that have an adapter. The line
// of each is the one in the documentation of its package.
func Routers(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return "", err
	}
	before, rest, found := strings.Cut(string(text), routersHead)
	if !found {
		return "", fmt.Errorf("README.md has no table that begins with %q", routersHead)
	}
	_, after, _ := strings.Cut("\n"+rest, "\n\n")
	var b strings.Builder
	for _, r := range routers.All() {
		line, err := handleLine(root, r.Name+"webhook")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | `%s` | [examples/%s](examples/%s) |\n", r.Title, line, r.Name, r.Name)
	}
	return before + routersHead + b.String() + "\n" + after, nil
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
