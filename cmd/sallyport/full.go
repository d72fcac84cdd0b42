//go:build full

package main

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/drivers"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
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

// openJournal opens the journal in a database, which has to be there: an operator's command creates no table.
func openJournal(
	ctx context.Context, at database.Place, c journal.Config,
) (kept *journal.Journal, closing func() error, err error) {
	db, dialect, err := drivers.OpenExisting(at.Kind, at.URL)
	if err != nil {
		return nil, nil, err
	}
	var opts []sqljournal.Option
	if at.Table != "" {
		opts = append(opts, sqljournal.WithTable(at.Table))
	}
	if at.ReadOnly {
		opts = append(opts, sqljournal.ReadOnly())
	}
	kept, err = sqljournal.Open(ctx, db, dialect, at.Namespace, c, opts...)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return kept, db.Close, nil
}
