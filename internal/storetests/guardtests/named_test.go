package guardtests_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestReceiversOfOneEventDoNotWaitForEachOther: one without a name has the event's transaction open while named ones
// write into the same row, and are remembered.
func TestReceiversOfOneEventDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, _ string, b *bench) {
		kept := journalOf(t, b)
		b.exec(t, "CREATE TABLE counters (id integer PRIMARY KEY, n integer NOT NULL)",
			"INSERT INTO counters VALUES (1, 0)")
		b.permit(t, "counters")
		count := func(ctx context.Context) error {
			return write(ctx, "UPDATE counters SET n = n + 1 WHERE id = 1")
		}
		var ran string
		var audit error
		s := core.NewSignals()
		s.On("*", func(ctx context.Context, _ core.Event) error { ran += "app "; return count(ctx) })
		s.Named("ledger").On("*",
			func(ctx context.Context, _ core.Event) error { ran += "ledger "; return count(ctx) })
		s.Named("mail").On("*", func(context.Context, core.Event) error { ran += "mail "; return nil })
		s.Named("audit").On("*", func(ctx context.Context, _ core.Event) error {
			ran += "audit "
			return errors.Join(count(ctx), audit)
		})
		app := httpwebhook.Handler(keeping(t, b, kept), s)
		deliver := func(body string, status int, want string, rows int) {
			t.Helper()
			ran = ""
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			w, began := httptest.NewRecorder(), time.Now()
			app.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "https://example.com/hooks", body,
				time.Now()).WithContext(ctx))
			require.Less(t, time.Since(began), 4*time.Second, "somebody has waited for a lock")
			require.Equal(t, status, w.Code)
			require.Equal(t, want, ran)
			var n int
			require.NoError(t, b.admin.QueryRowContext(ctx, "SELECT n FROM counters").Scan(&n))
			require.Equal(t, rows, n)
		}
		const all = "app ledger mail audit "
		audit = errors.New("no such column")
		deliver(`{"id":"evt_1","type":"invoice.paid"}`, 500, all, 0) // all is rolled back
		audit = nil
		deliver(`{"id":"evt_1","type":"invoice.paid"}`, 200, "app ledger audit ", 3) // the mail is not sent again
		deliver(`{"id":"evt_1","type":"invoice.paid"}`, 200, "", 3)
		audit = core.Permanent(errors.New("no such column"))
		deliver(`{"id":"evt_2","type":"invoice.paid"}`, 200, all, 6)
		for e, err := range kept.Entries(t.Context(), journal.Query{State: journal.Parked}) {
			require.NoError(t, err)
			require.Equal(t, "evt_2", e.EventID)
			require.Equal(t, []string{"ledger", "mail"}, e.Finished)
		}
	})
}
