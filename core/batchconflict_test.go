package core_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// TestAnEventOfABatchThatChangedUnderItsIDIsReported: whether the first one of its id came before it in the same batch,
// or earlier. It does not run, and must not vanish among the duplicates.
func TestAnEventOfABatchThatChangedUnderItsIDIsReported(t *testing.T) {
	t.Parallel()
	const same, other, new1 = `{"id":"1","n":1}`, `{"id":"1","n":2}`, `{"id":"2"}`
	for name, row := range map[string]struct {
		before, batch string
		ran           string
		conflicts     int
	}{
		"twice in one batch, unlike":        {"", same + "," + other, `{"id":"1","n":1}`, 1},
		"three times in one batch":          {"", same + "," + other + "," + same, `{"id":"1","n":1}`, 1},
		"twice in one batch, alike":         {"", same + "," + same, `{"id":"1","n":1}`, 0},
		"processed before, next to new one": {same, other + "," + new1, new1, 1},
		"a duplicate next to a new one":     {same, same + "," + new1, new1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log testlog.Log
			j := newJournaled(t, batched(), func(c *core.Config) { c.Logger = log.Logger() })
			if row.before != "" {
				require.Equal(t, 200, run(j.Guard, signedBody("["+row.before+"]"), ok).Code)
			}
			ran := ""
			require.Equal(t, 200,
				run(j.Guard, signedBody("["+row.batch+"]"), func(_ context.Context, e core.Event) error {
					ran += string(e.Payload)
					return nil
				}).Code)
			require.Equal(t, row.ran, ran)
			rec := j.records.last(t, j.Guard)
			require.Equal(t, reason.Accepted, rec.Reason)
			require.Len(t, rec.Failed, row.conflicts)
			require.Equal(t, row.conflicts, strings.Count(log.String(), "another body"), log.String())
			for _, f := range rec.Failed {
				require.Equal(t, reason.Conflict, f.Reason)
				require.Equal(t, "1", f.ID)
				require.False(t, f.Identity.IsZero())
			}
			require.Empty(t, j.entries(t), "what did not run for its body has nothing to run again")
		})
	}
}

// TestABatchOfWhichAllIsKnownSaysThatOneChanged: as a single event does.
func TestABatchOfWhichAllIsKnownSaysThatOneChanged(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	g := mustNew(t, c)
	require.Equal(t, 200, run(g, signedBody(`[{"id":"1","n":1}]`), ok).Code)
	require.Equal(t, 200, run(g, signedBody(`[{"id":"1","n":1},{"id":"1","n":2}]`), never(t)).Code)
	require.Equal(t, reason.Conflict, rec.last(t, g).Reason)
}
