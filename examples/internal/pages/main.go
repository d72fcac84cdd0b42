package pages

import (
	"fmt"
	"os"

	"github.com/gin-gonic/gin"
)

// Main tries pages, writes what went otherwise than they say, and exits with 1 if anything did.
func Main(all ...Page) {
	gin.SetMode(gin.ReleaseMode)
	failed := 0
	for _, p := range all {
		if err := p.Try(); err != nil {
			failed++
			fmt.Printf("%s: %v\n", p.Name, err)
		}
	}
	fmt.Printf("%d pages tried, %d failed\n", len(all), failed)
	if failed > 0 {
		os.Exit(1)
	}
}
