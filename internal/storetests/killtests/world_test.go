package killtests_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// world is everything around the app: its databases, the provider and the operator.
type world struct {
	place     place
	db, other *sql.DB // of the app, and of the journal
	kept      *journal.Journal
	app       *process
	fixed     bool // the app that runs now has no bug
}

func newWorld(t *testing.T, d *database, name string, shared bool) *world {
	t.Helper()
	w := &world{place: place{Driver: d.driver, Dialect: d.dialect, App: d.create(t, name)}}
	w.db = d.open(t, w.place.App)
	w.other = w.db
	if !shared {
		w.place.Journal = d.create(t, name+"_journal")
		w.other = d.open(t, w.place.Journal)
	}
	require.NoError(t, w.place.create(t.Context(), w.db, w.other))
	var err error
	w.kept, err = sqljournal.Open(t.Context(), w.other, d.dialect, "app",
		journal.Config{Keys: secrets.Static(journalKey)})
	require.NoError(t, err)
	w.app = startApp(t, &w.place)
	t.Cleanup(func() { w.app.kill() })
	return w
}

// restart starts the app again after it was killed. The leases of the dead one expire at once, so that nobody waits.
func (w *world) restart(t *testing.T) {
	t.Helper()
	_, err := w.db.ExecContext(t.Context(), "UPDATE sallyport_replay SET ends_at = 1 WHERE done_at IS NULL")
	require.NoError(t, err)
	w.app = startApp(t, &w.place)
}

// send is one attempt of the provider.
func (w *world) send(t *testing.T, d *delivery) (status int, err error) {
	t.Helper()
	r := w.app.request(t, "/"+d.endpoint, d.body)
	r.Header.Set("Content-Type", "application/json")
	w.mark(r)
	require.NoError(t, webhooktest.Sign(r, d.provider, secret, time.Now()))
	status, _, err = w.app.do(t, r)
	if err == nil {
		require.Contains(t, []int{http.StatusOK, http.StatusInternalServerError}, status, d.body)
		d.answered = d.answered || status == http.StatusOK
	}
	return status, err
}

// mark says in a request whether the app has its bug.
func (w *world) mark(r *http.Request) {
	if w.fixed {
		r.Header.Set(fixedHeader, "1")
	}
}

// operate is one call of the operator.
func (w *world) operate(t *testing.T, path string) (said string, err error) {
	t.Helper()
	r := w.app.request(t, path, "")
	w.mark(r)
	_, said, err = w.app.do(t, r)
	return said, err
}

// entries returns the entries by event: those that are open or parked, and the closed ones.
func (w *world) entries(t *testing.T) (left, closed map[string]*journal.Entry) {
	t.Helper()
	left, closed = map[string]*journal.Entry{}, map[string]*journal.Entry{}
	for e, err := range w.kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		if e.State.Closed() {
			closed[e.EventID] = e
			continue
		}
		left[e.EventID] = e
	}
	return left, closed
}

// parts returns how often each part of each event was done.
func (w *world) parts(t *testing.T) map[string]map[string]int {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), "SELECT event, part, count(*) FROM parts GROUP BY event, part")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	all := map[string]map[string]int{}
	for rows.Next() {
		var event, part string
		var n int
		require.NoError(t, rows.Scan(&event, &part, &n))
		if all[event] == nil {
			all[event] = map[string]int{}
		}
		all[event][part] = n
	}
	require.NoError(t, rows.Err())
	return all
}

// clear removes what a round has left, so that the next one reads its own.
func (w *world) clear(t *testing.T) {
	t.Helper()
	_, err := w.db.ExecContext(t.Context(), "DELETE FROM parts")
	require.NoError(t, err)
	_, err = w.other.ExecContext(t.Context(), "DELETE FROM sallyport_journal")
	require.NoError(t, err)
}

// kind is a way to end, by the type of its events.
type kind struct {
	name  string
	parts []string // that make the event done
	inTx  bool     // each part belongs to a transaction with "done"
}

// event is one event of a round.
type event struct {
	kind
	id string
}

// delivery is what the provider sends for one or more events.
type delivery struct {
	endpoint string
	provider core.Provider
	body     string
	events   []event
	answered bool // 2xx
}

// done reports whether every part of an event was done.
func (e *event) done(parts map[string]map[string]int) bool {
	for _, part := range e.parts {
		if parts[e.id][part] == 0 {
			return false
		}
	}
	return true
}

func kinds() map[string]kind {
	all := map[string]kind{}
	for _, name := range strings.Fields("tx.success tx.error tx.panic tx.permanent tx.undecodable own.permanent " +
		"own.unhandled") {
		all[name] = kind{name, []string{"done"}, true}
	}
	for _, name := range strings.Fields("own.success own.error plain") {
		all[name] = kind{name, []string{"done"}, false}
	}
	for _, name := range strings.Fields("named.error named.permanent") {
		all[name] = kind{name, []string{"a", "b"}, true}
	}
	return all
}

// deliveries are those of a round.
func deliveries(round int) []*delivery {
	known := kinds()
	var all []*delivery
	add := func(endpoint string, p core.Provider, names ...string) {
		d := &delivery{endpoint: endpoint, provider: p}
		var items []string
		for n, name := range names {
			e := event{known[name],
				fmt.Sprintf("evt_%d_%d_%d_%s", round, len(all), n, strings.ReplaceAll(name, ".", "_"))}
			d.events = append(d.events, e)
			items = append(items, fmt.Sprintf(`{"id":%q,"type":%q,"data":{"object":{}}}`, e.id, name))
		}
		d.body = items[0]
		if len(items) > 1 {
			d.body = "[" + strings.Join(items, ",") + "]"
		}
		all = append(all, d)
	}
	for _, name := range strings.Fields("tx.success own.success tx.error own.error tx.panic own.permanent " +
		"own.unhandled tx.permanent tx.undecodable named.error named.permanent") {
		add("events", single(), name)
	}
	add("plain", single(), "plain")
	add("lists", list(), "tx.success", "tx.permanent", "tx.error", "own.success", "named.permanent")
	add("ordered", list(), "tx.success", "tx.error", "tx.success")
	return all
}
