package sqltx_test

import (
	"context"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// The payment and the event's "done" are one step: both are there, or neither is.
func ExampleTx() {
	signals := core.NewSignals()
	signals.On("invoice.paid", func(ctx context.Context, e core.Event) error {
		tx, err := sqltx.Tx(ctx)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO payments (event) VALUES ($1)", e.ID)
		return err // the guard commits, or rolls back
	})
}
