package main

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

// memory is what the workers remember, and what they have parked, in one database: workers on several machines need
// PostgreSQL or MySQL instead of SQLite, and nothing else changes.
type memory struct {
	db    *sql.DB
	store *sqlstore.Store
	kept  *journal.Journal
}

func openMemory(ctx context.Context, file string) (*memory, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	m := &memory{db: db}
	if err = sqlstore.Migrate(ctx, db, sqlstore.SQLite); err == nil {
		m.store, err = sqlstore.New(ctx, db, sqlstore.SQLite, "queue-example")
	}
	if err == nil {
		err = sqljournal.Migrate(ctx, m.store)
	}
	if err == nil {
		m.kept, err = sqljournal.New(ctx, m.store, journal.Config{})
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return m, nil
}

func (m *memory) close() { _ = m.db.Close() }

// handler works the messages. A worker that was killed holds its event for as long as the broker holds its message.
func (m *memory) handler(
	signals *core.Signals, takeover time.Duration, logger *slog.Logger,
) message.NoPublishHandlerFunc {
	return watermillinbox.Handler(signals, watermillinbox.Config{
		Replay: m.store, Journal: m.kept, Lease: takeover, Logger: logger, MaxAttempts: 4,
		Backoff: func(int) time.Duration { return takeover / 10 }, // all attempts are over before the broker's takeover
	})
}
