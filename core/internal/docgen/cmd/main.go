// Command cmd prints docs/providers.md.
package main

import (
	"os"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
)

func main() {
	if _, err := os.Stdout.WriteString(docgen.Providers()); err != nil {
		os.Exit(1)
	}
}
