package explain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/explain"
)

// A refusal whose limiter took a while comes with a time that is past. It must not make the next one's second a new
// one.
func TestDiagnosisIsBoundedWhateverTheOrder(t *testing.T) {
	t.Parallel()
	share := explain.NewAllowance().Join()
	now := time.Now()
	const takes = 10 * time.Millisecond
	used := grants(share, takes, now, now, now, now, now)
	require.Equal(t, []bool{true, true, true, true, false}, used, "13 ms each, of 25 that are common and 25 of its own")
	rest := grants(share, takes, now, now.Add(-time.Second), now.Add(time.Millisecond), now.Add(2*time.Second))
	require.Equal(t, []bool{false, false, false, true}, rest)
}

// What takes long is counted as long as it took.
func TestDiagnosisIsChargedByTheClock(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		takes     time.Duration
		most, low int
	}{
		{"nothing that the clock shows", 0, 60*50/3 + 17, 60*50/3 - 17},
		{"four milliseconds", 4 * time.Millisecond, 60*50/7 + 17, 60*50/7 - 17},
		{"a quarter of a second", 250 * time.Millisecond, 60*50/250 + 4, 60*50/250 - 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			share := explain.NewAllowance().Join()
			at, n := time.Now(), 0
			for range 60 * 200 {
				if grants(share, row.takes, at)[0] {
					n++
				}
				at = at.Add(5 * time.Millisecond)
			}
			require.LessOrEqual(t, n, row.most)
			require.GreaterOrEqual(t, n, row.low)
		})
	}
}

// grants reports for each of the times whether a refusal then is explained, which takes that long.
func grants(share *explain.Share, takes time.Duration, times ...time.Time) (granted []bool) {
	for _, at := range times {
		grant, ok := share.Grant(at)
		if ok {
			grant.End(takes)
		}
		granted = append(granted, ok)
	}
	return granted
}
