package payload_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestATimeThatJSONCannotHoldIsNone: what the sender says of the time must not break the app that writes it down.
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
	} {
		e := entry.Entry{Event: entry.Event{Time: []entry.Value{{JSON: "/t"}}, TimeUnit: row.unit}}
		reader := payload.New(&e, false)
		source := payload.Source{Body: []byte(`{"t":"` + row.text + `"}`), BodyProved: true}
		reader.Open(&source)
		var said payload.Details
		reader.Read(&source, &said)
		require.Equal(t, row.want, !said.Time.IsZero(), row.text)
		_, err := json.Marshal(said.Time)
		require.NoError(t, err, row.text)
	}
}
