package watermillinbox

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Config sets up a [Handler]. Journal is required.
type Config struct {
	// Replay leaves out messages whose event is done, and keeps two workers from running one at once. It can be the
	// guard's own store. A sqlstore gives receivers a transaction (sqltx.Tx). nil: a message that comes twice runs
	// twice.
	Replay replay.Store
	// Journal keeps what could not be finished. For exactly once it is in the store's own database: see sqljournal.New.
	Journal *journal.Journal
	// MaxAttempts is how often an event is tried before it is parked. 0: 5. Its message waits meanwhile, and in an
	// ordered topic what is behind it.
	MaxAttempts int
	// Backoff returns how long to wait after the attempt with this number, from 1. nil: a second, doubled each time, at
	// most a minute.
	Backoff func(attempt int) time.Duration
	// Timeout is how long the receivers of an event may take in one attempt. 0: five minutes. The broker must not send
	// the message to another worker before all attempts are over; where it does, and Replay is set, that one waits.
	Timeout time.Duration
	// Lease is how long an event is held that a worker has died with. 0: a minute.
	Lease time.Duration
	// Retention is how long Replay knows what is done. 0: a week. Longer than the broker keeps messages.
	Retention time.Duration
	// Logger reports failures. nil: slog.Default.
	Logger *slog.Logger
}

// handler runs the receivers for messages.
type handler struct {
	Config
	signals    *core.Signals
	rules      lease.Rules
	transactor replay.Transactor // nil: the store has no transactions
}

// Handler returns what works the messages of [Enqueue], for Router.AddNoPublisherHandler and its like. It freezes the
// signals.
//
// It returns nil, so that the router acknowledges, once the event is done or in the journal. An error means that the
// message's context has ended: the router closes, and the broker sends the message again.
//
// It panics for mistakes, as registering receivers does: no signals, no Journal, a set with receivers of a router.
func Handler(signals *core.Signals, c Config) message.NoPublishHandlerFunc {
	if c.Journal == nil {
		panic("watermillinbox: Config.Journal is nil: an event that fails for good was answered 200, and would vanish" +
			callerLine())
	}
	if c.MaxAttempts < 0 || c.Timeout < 0 || c.Lease < 0 || c.Retention < 0 {
		panic("watermillinbox: Config.MaxAttempts, Timeout, Lease and Retention must not be negative" + callerLine())
	}
	core.Freeze[context.Context](signals)
	h := &handler{Config: c, signals: signals}
	h.MaxAttempts = cmp.Or(c.MaxAttempts, 5)
	h.Timeout = cmp.Or(c.Timeout, 5*time.Minute)
	h.rules.Store = c.Replay
	h.rules.Lease = cmp.Or(c.Lease, time.Minute)
	h.rules.Retention = cmp.Or(c.Retention, 7*24*time.Hour)
	h.transactor, _ = c.Replay.(replay.Transactor)
	if h.Backoff == nil {
		h.Backoff = doubling
	}
	h.Logger = cmp.Or(h.Logger, slog.Default())
	return h.handle
}

// doubling is the default of Config.Backoff.
func doubling(attempt int) time.Duration {
	return min(time.Second<<min(attempt-1, 6), time.Minute)
}

// wait waits, and reports whether ctx is still alive.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
