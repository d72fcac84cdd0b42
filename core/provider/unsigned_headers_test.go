package provider_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestAHeaderThatNobodySignedMakesNoOtherEvent: whoever captured a delivery can add and change the headers that its
// signature does not cover. A few senders send several types over one body, so that another type is another event. A
// delivery id joins where the body is one of those that may be equal to the byte, and another id is another event.
// Everywhere else what is remembered stays, or the capture could be replayed as often as somebody likes.
func TestAHeaderThatNobodySignedMakesNoOtherEvent(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	checked := 0
	for _, s := range everySender(t) {
		if c := s.custom(); s.entry.Scheme == nil || c != nil && !c.Traits().Body && !c.Traits().Payload {
			continue // a credential, or a token that covers no body, vouches for whoever sent all of it
		}
		if s.name == "mailgun" {
			continue // whose proof and events are in the body
		}
		g := s.guard(t, now)
		genuine := s.request(t, s.body(), 1, now, goldenHeaders())
		receive := func(change func(set func(name, value string))) (core.Event, bool) {
			r, _ := copied(t, genuine)
			change(r.Header.Set)
			d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			if d == nil {
				return core.Event{}, false
			}
			return d.Events()[0], true
		}
		want, ok := receive(func(func(string, string)) {})
		require.True(t, ok, s.name)
		for _, name := range namedHeaders(s.entry) {
			for _, value := range []string{"", "another"} {
				got, ok := receive(func(set func(string, string)) { set(name, value) })
				if !ok || joins(s.entry, name) {
					continue
				}
				checked++
				require.Equal(t, want.Identity, got.Identity, "%s: %s: %q", s.name, name, value)
			}
		}
	}
	require.Greater(t, checked, 50)
}

// joins reports whether the entry says that an unsigned header belongs to the identity of the test's body.
func joins(e *entry.Entry, name string) bool {
	several := []string{"shopify", "woocommerce", "contentful", "discourse", "helpscout", "freescout", "recharge",
		"recharge-legacy"}
	if slices.Contains(several, e.Name) &&
		slices.ContainsFunc(e.Event.Tenant, func(v entry.Value) bool { return v.Header == name }) {
		return true
	}
	if slices.Contains(several, e.Name) && slices.Contains(e.Identity.With, name) {
		return true
	}
	if e.Name == "hookdeck" && name == "X-Hookdeck-Eventid" {
		return true // what it forwards may be equal to the byte, whatever it is
	}
	// The body of the test holds neither /updated_at nor /date_modified.
	return slices.Contains(several[:2], e.Name) && slices.Contains(e.Identity.Apart[0].Headers, name)
}

// namedHeaders are those that an entry reads.
func namedHeaders(e *entry.Entry) []string {
	names := slices.Clone(e.Identity.With)
	for _, list := range [][]entry.Value{e.Event.ID, e.Event.Type, e.Event.Action, e.Event.Time, e.Event.Attempt,
		e.Event.Tenant} {
		for _, v := range list {
			if v.Header != "" {
				names = append(names, v.Header)
			}
		}
	}
	return names
}
