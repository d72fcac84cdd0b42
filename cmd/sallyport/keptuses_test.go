package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
)

func TestADatabaseSaysWhichSecretsMayGo(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }
	use := func(label string, state secrets.UseState, last time.Time) journal.SecretUse {
		return journal.SecretUse{Setting: "Secrets", Label: label, Matched: 7, LastMatched: last, State: state}
	}
	event := func(at time.Time, secret string, uses ...journal.SecretUse) *journal.Entry {
		return &journal.Entry{Endpoint: "stripe", Secret: secret, First: at, Last: at, Uses: uses}
	}
	ended := use("old", secrets.SafeToRemove, day(3))
	ended.NotAfter = day(9)
	now := event(day(10), "new", use("new", secrets.InUse, day(10)), use("old", secrets.SafeToRemove, day(3)))
	for _, row := range []struct {
		says   string
		events []*journal.Entry
		want   map[string]string
		asOf   time.Time
	}{
		{"the newest event has the states", []*journal.Entry{now}, map[string]string{
			"new": "in_use", "old": "safe_to_remove"}, day(10)},
		{"whichever is read first", []*journal.Entry{
			event(day(4), "new", use("new", secrets.InUse, day(4)), use("old", secrets.Waiting, day(3))), now,
		}, map[string]string{"new": "in_use", "old": "safe_to_remove"}, day(10)},
		{"another process has seen it later", []*journal.Entry{now,
			event(day(9), "new", use("new", secrets.InUse, day(9)), use("old", secrets.Waiting, day(8))),
		}, map[string]string{"new": "in_use", "old": "waiting"}, day(10)},
		{"an event without its states was proved by it later", []*journal.Entry{now, event(day(5), "old")},
			map[string]string{"new": "in_use", "old": "waiting"}, day(10)},
		{"what has expired may go whatever others have seen", []*journal.Entry{
			event(day(10), "new", use("new", secrets.InUse, day(10)), ended), event(day(8), "old"),
		}, map[string]string{"new": "in_use", "old": "safe_to_remove"}, day(10)},
		{"a secret that is in the list no more", []*journal.Entry{now, event(day(1), "older")},
			map[string]string{"new": "in_use", "old": "safe_to_remove", "older": "left"}, day(10)},
		{"events of an older release", []*journal.Entry{event(day(1), "old"), event(day(2), "new")},
			map[string]string{"new": "not_known", "old": "not_known"}, time.Time{}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				var k keptUses
				for _, e := range row.events {
					k.add(e)
				}
				all := k.rotations()
				require.Len(t, all.Endpoints, 1)
				states := map[string]string{}
				for _, s := range all.Endpoints[0].Secrets {
					states[s.Label] = s.State
				}
				require.Equal(t, row.want, states)
				require.True(t, row.asOf.Equal(all.Endpoints[0].AsOf))
				slices.Reverse(row.events) // in the other order it is the same
			}
		})
	}
}

func TestADatabaseSaysWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.Local)
	var k keptUses
	k.add(&journal.Entry{Endpoint: "new", First: at, Last: at.Add(time.Hour), Uses: []journal.SecretUse{
		{Tenant: "b", Label: "#1", State: secrets.InUse}}})
	k.add(&journal.Entry{Endpoint: "new", First: at, Last: at, Uses: []journal.SecretUse{
		{Tenant: "a", Label: "spring", State: secrets.Unused}}})
	k.add(&journal.Entry{Endpoint: "former", Secret: "autumn", First: at, Last: at})
	all := k.rotations()
	require.Equal(t, []string{
		"former: its events say nothing about deliveries that succeeded, so that no secret can be said to be " +
			"removable: ask the page; the journal reaches back to 2026-05-01 12:00:00",
		"new: as the process that kept its newest event had seen it by 2026-05-01 13:00:00; what came since is not " +
			"known; #1 is a place in the list, whatever secret stands there: give secrets labels; the journal " +
			"reaches back to 2026-05-01 12:00:00",
	}, all.Notes)
	require.Len(t, all.Endpoints[1].Secrets, 2)
	require.Equal(t, "a", all.Endpoints[1].Secrets[0].Tenant)
	require.Regexp(t, `(?m)^new \(tenant b\)  #1 +in_use +never matched`, all.text())
}
