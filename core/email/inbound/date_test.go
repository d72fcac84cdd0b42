package inbound_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email/inbound"
)

// TestADateThatJSONCannotHoldIsNone: anybody can send a message with any date. An app that writes the message down
// must not fail because of it.
func TestADateThatJSONCannotHoldIsNone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		date string
		want bool
	}{
		{"Fri, 02 Jan 2026 03:04:05 +1400", true},
		{"Fri, 02 Jan 2026 03:04:05 -2359", true},
		{"Fri, 02 Jan 2026 03:04:05 +2400", true},
		{"Fri, 02 Jan 2026 03:04:05 -2400", true},
		{"Fri, 02 Jan 2026 03:04:05 +2360", true},
		{"Fri, 31 Dec 9999 23:59:59 -1400", false},
		{"Sat, 01 Jan 0001 00:00:00 +1400", false},
	} {
		m := raw(t, "Date: "+row.date+"\r\n\r\nhi", inbound.Config{})
		require.Equal(t, row.want, !m.Date.IsZero(), row.date)
		for _, at := range []time.Time{m.Date, m.Date.UTC()} {
			m.Date = at
			_, err := json.Marshal(m)
			require.NoError(t, err, row.date)
		}
	}
}

// TestATimeThatJSONCannotHoldIsNone: the sender's own time of the delivery.
func TestATimeThatJSONCannotHoldIsNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2026-01-02T03:04:05Z": true, "2026-01-02T03:04:05+24:00": true, "9999-12-31T23:59:59-14:00": false,
		"0000-01-01T00:00:00+14:00": false,
	} {
		m, err := inbound.Read(t.Context(), core.Event{Provider: "ahasend", Payload: []byte(
			`{"type":"message.routing","timestamp":"` + text + `","data":{"subject":"a","recipient":"a@example.com"}}`,
		)}, inbound.Config{})
		require.NoError(t, err)
		require.Equal(t, want, !m.Timestamp.IsZero(), text)
		_, err = json.Marshal(m)
		require.NoError(t, err, text)
	}
}

// TestZonesByName: the names of RFC 5322, section 4.3, mean the same on every machine. Any other name says nothing.
func TestZonesByName(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	for zone, hours := range map[string]int{
		"UT": 0, "GMT": 0, "gmt": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
		"PDT": -7, "pdt": -7, "Z": 0, "A": 0, "UTC": 0, "CET": 0, "IST": 0, "-0700 (MST)": -7, "+0100 (CET)": 1,
		"EST (Eastern Standard Time)": -5,
	} {
		m := raw(t, "Date: Fri, 02 Jan 2026 15:04:05 "+zone+"\r\n\r\nhi", inbound.Config{})
		require.False(t, m.Date.IsZero(), zone)
		require.Equal(t, at.Add(time.Duration(-hours)*time.Hour), m.Date.UTC(), zone)
		require.NotEqual(t, time.Local, m.Date.Location(), zone)
	}
}
