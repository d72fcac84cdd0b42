package core_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestEachKindOfIdentityNamesAnEvent: what is sent again has one identity, in whatever form a retry has it, and another
// event has another one. An endpoint without a store, where the event is read later, derives the same ones. Every kind
// of entry.IdentityKind has a row. The entries: plain signs the body alone; timestamped the time and the body, whose id
// is at /id; identified an id, the time and the body. The last two have the event's type at /type.
func TestEachKindOfIdentityNamesAnEvent(t *testing.T) {
	t.Parallel()
	later := testTime.Add(time.Minute)
	withID := func(id string, at time.Time, body string) *http.Request {
		sent := fmt.Sprint(at.Unix())
		return post(body, "Webhook-Id", id, "Webhook-Timestamp", sent, "Content-Type", "application/json",
			"Webhook-Signature", mac(testSecret, id, ".", sent, ".", body))
	}
	atTime := func(at time.Time, body string) *http.Request {
		return with(signed(body), "Acme-Signature", pairs(testSecret, at, body))
	}
	of := func(e entry.Entry, i entry.Identity) entry.Entry {
		e.Identity = i
		return e
	}
	rows := []struct {
		kind                entry.IdentityKind
		entry               entry.Entry
		first, again, other *http.Request
		nothing             bool // is remembered
	}{
		{kind: entry.ByDigest, entry: plain(), first: signedBody(event), again: with(signedBody(event), "X-Try", "2"),
			other: signedBody(event + " ")},
		{kind: entry.BySignedID, entry: identified(), first: withID("msg_1", testTime, event),
			again: withID("msg_1", later, event+" "), other: withID("msg_2", testTime, event)},
		{kind: entry.ByPointer, entry: timestamped(), first: atTime(testTime, event),
			again: atTime(later, `{"id":"evt_1"}`), other: atTime(testTime, `{"id":"evt_2"}`)},
		{kind: entry.None, entry: of(timestamped(), entry.Identity{Kind: entry.None, Why: "a test"}),
			first: signed(event), again: signed(event), other: signed(event), nothing: true},
		{kind: entry.BySigned, entry: of(identified(), entry.Identity{Kind: entry.BySigned}),
			first: withID("msg_1", testTime, event), again: withID("msg_1", later, event),
			other: withID("msg_2", testTime, event)}, // whose body is the same
	}
	seen := map[entry.IdentityKind]bool{}
	for _, row := range rows {
		require.Equal(t, row.kind, row.entry.Identity.Kind)
		seen[row.kind] = true
		first := identityIn(t, row.entry, row.first, true)
		require.Equal(t, row.nothing, first.IsZero(), row.kind)
		require.Equal(t, first, identityIn(t, row.entry, row.first, false), "kind %d without a store", row.kind)
		for _, stored := range []bool{true, false} {
			require.Equal(t, first, identityIn(t, row.entry, row.again, stored), "kind %d, sent again", row.kind)
			if !row.nothing {
				require.NotEqual(t, first, identityIn(t, row.entry, row.other, stored), "kind %d", row.kind)
			}
		}
	}
	require.Len(t, seen, entry.IdentityKinds(), "a kind of identity has no row here")
}

// identityIn returns the identity that a guard of the entry gives a delivery's event, with or without a store.
func identityIn(t *testing.T, e entry.Entry, r *http.Request, stored bool) core.Identity {
	t.Helper()
	c, _ := config(e)
	if !stored {
		c.Replay = core.DangerouslyNoReplay
	}
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	r.Body = io.NopCloser(bytes.NewReader(body)) // for the next guard
	copied := post(string(body))
	copied.Header = r.Header.Clone()
	d, reply := mustNew(t, c).Receive(httptest.NewRecorder(), copied, adapter.Inbound{})
	require.Nil(t, reply)
	defer d.Abandon()
	return d.Events()[0].Identity
}
