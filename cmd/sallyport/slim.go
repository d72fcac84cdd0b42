//go:build !full

package main

import (
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
)

// storeOpener returns nil: this build links no driver, so that it is installed in half a minute.
func storeOpener() receiver.Opener { return nil }
