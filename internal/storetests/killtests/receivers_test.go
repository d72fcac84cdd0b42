package killtests_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// work is what the app does. Its own table says how often each part of an event was done.
type work struct {
	db    *sql.DB     // the app's, which is the replay store's too
	fixed atomic.Bool // the app has no bug any more
}

var errColumn = errors.New("no such column")

// inTx does a part of an event in the event's transaction.
func inTx(ctx context.Context, e core.Event, part string) error {
	tx, err := sqltx.Tx(ctx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insert(e.ID, part))
	return err
}

// outside does a part of an event in a statement of its own.
func (w *work) outside(ctx context.Context, e core.Event, part string) error {
	_, err := w.db.ExecContext(ctx, insert(e.ID, part))
	return err
}

func insert(event, part string) string {
	return fmt.Sprintf("INSERT INTO parts (event, part) VALUES ('%s', '%s')", event, part)
}

// fails returns what a receiver returns while the app has its bug.
func (w *work) fails(err error) error {
	if w.fixed.Load() {
		return nil
	}
	return err
}

// signals are the receivers, one for each way to end. What each of them has to do is in the table of kinds.
func (w *work) signals() *core.Signals {
	s := core.NewSignals()
	s.On("tx.success", func(ctx context.Context, e core.Event) error { return inTx(ctx, e, "done") })
	s.On("own.success", func(ctx context.Context, e core.Event) error { return w.outside(ctx, e, "done") })
	s.On("tx.error", func(ctx context.Context, e core.Event) error {
		return errors.Join(inTx(ctx, e, "done"), w.fails(errColumn))
	})
	s.On("own.error", func(ctx context.Context, e core.Event) error {
		return errors.Join(w.outside(ctx, e, "done"), w.fails(errColumn))
	})
	s.On("tx.panic", func(ctx context.Context, e core.Event) error {
		err := inTx(ctx, e, "done")
		if !w.fixed.Load() {
			panic(errColumn)
		}
		return err
	})
	s.On("own.permanent", func(ctx context.Context, e core.Event) error {
		if err := w.fails(core.Permanent(errColumn)); err != nil {
			return err
		}
		return inTx(ctx, e, "done")
	})
	s.On("tx.permanent", func(ctx context.Context, e core.Event) error {
		if err := w.fails(core.Permanent(errColumn)); err != nil {
			return errors.Join(inTx(ctx, e, "gave up"), err)
		}
		return inTx(ctx, e, "done")
	})
	s.On("tx.undecodable", func(ctx context.Context, e core.Event) error {
		return errors.Join(inTx(ctx, e, "done"), w.fails(core.Undecodable(errColumn)))
	})
	s.On("own.unhandled", func(ctx context.Context, e core.Event) error {
		if err := w.fails(core.Unhandled); err != nil {
			return err
		}
		return inTx(ctx, e, "done")
	})
	s.Named("a").On("named.*", func(ctx context.Context, e core.Event) error { return inTx(ctx, e, "a") })
	s.Named("b").On("named.*", func(ctx context.Context, e core.Event) error {
		failure := errColumn
		if e.Type == "named.permanent" {
			failure = core.Permanent(errColumn)
		}
		return errors.Join(inTx(ctx, e, "b"), w.fails(failure))
	})
	return s
}

// plain is a handler that knows nothing of signals.
func (w *work) plain(rw http.ResponseWriter, r *http.Request) {
	d, ok := httpwebhook.FromContext(r.Context())
	if !ok {
		http.Error(rw, "unguarded", http.StatusInternalServerError)
		return
	}
	if err := errors.Join(w.outside(r.Context(), d.Events()[0], "done"), w.fails(errColumn)); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(rw, "ok")
}
