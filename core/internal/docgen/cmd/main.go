// Command cmd prints a page of docs that is generated from the entries: providers.md, or the one that is named.
package main

import (
	"os"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
)

func main() {
	page := docgen.Providers
	if len(os.Args) > 1 && os.Args[1] == "one-capture" {
		page = docgen.OneCapture
	}
	if _, err := os.Stdout.WriteString(page()); err != nil {
		os.Exit(1)
	}
}
