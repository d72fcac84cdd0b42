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
