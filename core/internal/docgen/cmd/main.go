// Command cmd writes what is generated from the entries: a page of docs to standard output (providers.md, or
// one-capture), the pages of docs/providers to a folder (pages FOLDER), the tables of
// routers to the pages that have them (routers), or the report of the catalogue (catalogue).
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	for _, e := range catalogue.All() {
		if e.Fact().Call == "" {
			return fmt.Errorf("%s has no line in internal/catalogue/facts.go, which its page is written from", e.Name)
		}
	}
	text, what := "", ""
	if len(args) > 0 {
		what = args[0]
	}
	switch what {
	case "one-capture":
		text = docgen.OneCapture()
	case "routers":
		pages, err := docgen.Routers(".")
		if err != nil {
			return err
		}
		return write(".", pages)
	case "pages":
		return writePages(args[1])
	case "catalogue":
		var err error
		if text, err = docgen.Report("."); err != nil {
			return err
		}
	default:
		text = docgen.Providers()
	}
	_, err := os.Stdout.WriteString(text)
	return err
}

// writePages writes every page, and removes those of entries that are gone.
func writePages(folder string) error {
	pages := docgen.Pages()
	old, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if _, kept := pages[filepath.Base(file)]; !kept {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return write(folder, pages)
}

// write writes pages by their names in a folder.
func write(folder string, pages map[string]string) error {
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
