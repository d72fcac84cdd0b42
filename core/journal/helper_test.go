package journal_test

import (
	"crypto/sha256"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// body is the body of every entry that entry makes.
const body = `{"id":"evt_1","type":"invoice.paid"}`

// identity returns the identity of an event by its name.
func identity(name string) [32]byte { return sha256.Sum256([]byte(name)) }

// entry returns a failure of an event as a guard makes it.
func entry(name string, state journal.State) *journal.Entry {
	return &journal.Entry{
		State: state, Endpoint: "stripe", Provider: "stripe", EventID: name, Type: "invoice.paid",
		Identity: identity(name), Authenticated: journal.Authenticated{ID: true, Type: true},
		Secret: "2026-11", Reason: reason.SignalFailed, Err: `column "currency" does not exist`,
		Request: journal.Request{
			Method: http.MethodPost, URL: "/webhooks/stripe", Host: "hooks.example.com", RemoteAddr: "192.0.2.1:4711",
			TLS: true, Header: http.Header{"Content-Type": {"application/json"}}, Dropped: []string{"Stripe-Signature"},
		},
		Body: []byte(body),
	}
}

// inMemory returns a journal and its store.
func inMemory(t *testing.T, cfg journal.Config) (*journal.Journal, *journal.Memory) {
	t.Helper()
	store := journal.NewMemory()
	j, err := journal.New(store, cfg)
	require.NoError(t, err)
	return j, store
}

// keep keeps entries, which must succeed.
func keep(t *testing.T, j *journal.Journal, entries ...*journal.Entry) {
	t.Helper()
	require.NoError(t, j.Keep(t.Context(), entries))
}

// load loads an entry, which must be there.
func load(t *testing.T, j *journal.Journal, id journal.ID) *journal.Entry {
	t.Helper()
	e, err := j.Load(t.Context(), id)
	require.NoError(t, err)
	return e
}

// all returns the entries of a query, none of which may be unreadable.
func all(t *testing.T, j *journal.Journal, q journal.Query) []*journal.Entry {
	t.Helper()
	var list []*journal.Entry
	for e, err := range j.Entries(t.Context(), q) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}
