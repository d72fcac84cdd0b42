//go:build full

package main

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/drivers"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
)

// storeOpener opens replay stores.
func storeOpener() receiver.Opener {
	redis.SetLogger(silent{}) // it would write lines of its own to standard error: the error says it
	return drivers.Store
}

// silent is a logger of go-redis.
type silent struct{}

// Printf does nothing.
func (silent) Printf(context.Context, string, ...any) {}
