package provider_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// TestAHeaderThatNobodySignedMakesNoOtherEvent: whoever captured a delivery can add and change the headers that its
// signature does not cover. Another type or another tenant is another event, which the entry says is not covered; where
// both stay, what is remembered stays, or the capture could be replayed as often as somebody likes.
func TestAHeaderThatNobodySignedMakesNoOtherEvent(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	judged := 0
	for _, s := range everySender(t) {
		if c := s.custom(); s.entry.Scheme == nil || c != nil && !c.Traits().Body {
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
			d, _ := g.Receive(httptest.NewRecorder(), r, core.Inbound{})
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
				if !ok || got.Type != want.Type || got.Tenant != want.Tenant {
					continue
				}
				judged++
				require.Equal(t, want.Identity, got.Identity, "%s: %s: %q", s.name, name, value)
			}
		}
	}
	require.Greater(t, judged, 50)
}

// namedHeaders are those that an entry reads.
func namedHeaders(e *entry.Entry) []string {
	names := slices.Clone(e.Identity.With)
	for _, list := range [][]entry.Value{e.Event.ID, e.Event.Type, e.Event.Action, e.Event.Time, e.Event.Attempt, e.Event.Tenant} {
		for _, v := range list {
			if v.Header != "" {
				names = append(names, v.Header)
			}
		}
	}
	return names
}
