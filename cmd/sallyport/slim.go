//go:build !full

package main

import (
	"context"
	"errors"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/core/journal"
)

// storeOpener returns nil: this build links no driver, so that it is installed in less than a minute.
func storeOpener() receiver.Opener { return nil }

func openJournal(context.Context, database.Place, journal.Config) (*journal.Journal, func() error, error) {
	return nil, nil, errors.New("this build of sallyport links no database: " + database.Full)
}
