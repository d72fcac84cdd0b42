package payload_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestATimeThatJSONCannotHoldIsNone: what the sender says of the time must not break the app that writes it down. Of a
// zone that JSON cannot hold the instant is kept.
func TestATimeThatJSONCannotHoldIsNone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		unit entry.Unit
		text string
		want bool
	}{
		{entry.Seconds, "1792000000", true},
		{entry.Seconds, "253402300799", true},
		{entry.Seconds, "253402300800", false},
		{entry.Seconds, "1792000000000", false},
		{entry.Seconds, "9300000000000", false},
		{entry.Seconds, "99999999999999", false},
		{entry.Seconds, "NaN", false},
		{entry.Seconds, "-1", false},
		{entry.Milliseconds, "1792000000000", true},
		{entry.Milliseconds, "253402300800000", false},
		{entry.SecondsOrMilliseconds, "1792000000000", true},
		{entry.RFC3339, "2026-01-02T03:04:05+14:00", true},
		{entry.RFC3339, "2026-01-02T03:04:05-23:59", true},
		{entry.RFC3339, "2026-01-02T03:04:05+24:00", true},
		{entry.RFC3339, "2026-01-02T03:04:05-24:00", true},
		{entry.RFC3339, "2026-01-02T03:04:05+23:60", true},
		{entry.RFC3339, "9999-12-31T23:59:59-14:00", false},
		{entry.RFC3339, "0000-01-01T00:00:00+14:00", false},
		{entry.RFC3339InUTC, "2026-01-02T03:04:05.5", true},
		{entry.RFC3339InUTC, "2026-01-02T03:04:05+24:00", true},
		{entry.SecondsOrRFC3339, "2026-01-02T03:04:05+24:00", true},
		{entry.DateTimeInUTC, "0000-01-01 00:00:00", false},
		{entry.DateTimeInChina, "0000-01-01 00:00:00", false},
		{entry.DateTimeInChina, "2026-01-02 03:04:05", true},
	} {
		e := entry.Entry{Event: entry.Event{Time: []entry.Value{{JSON: "/t"}}, TimeUnit: row.unit}}
		reader := payload.New(&e, false)
		source := payload.Source{Body: []byte(`{"t":"` + row.text + `"}`), BodyProved: true}
		reader.Open(&source)
		var said payload.Details
		reader.Read(&source, &said)
		require.Equal(t, row.want, !said.Time.IsZero(), row.text)
		for _, at := range []time.Time{said.Time, said.Time.UTC()} {
			_, err := json.Marshal(at)
			require.NoError(t, err, row.text)
		}
	}
}

// TestATimeIsTheSameOnEveryMachine: time.Parse makes the machine's own zone of an offset that it has at that time. Apps
// print times, and derive names from what they print.
func TestATimeIsTheSameOnEveryMachine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	utc, ok := jsonscan.WritableTime(at.In(time.FixedZone("", 0)))
	require.True(t, ok)
	require.Equal(t, time.UTC, utc.Location())
	_, offset := at.Local().Zone()
	local, ok := jsonscan.WritableTime(at.Local())
	require.True(t, ok)
	require.NotEqual(t, time.Local, local.Location())
	require.True(t, local.Equal(at))
	_, has := local.Zone()
	require.Equal(t, offset, has)
}
