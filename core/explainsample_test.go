package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

// A refusal whose limiter took a while comes with a time that is past. It must not make the next one's second a new one.
func TestAnAllowanceIsOfASecondWhateverTheOrder(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var times []time.Time
	for range core.AllowancePerSecond / core.AllowanceEach {
		times = append(times, now)
	}
	times = append(times, now, now.Add(-time.Second), now.Add(time.Millisecond), now.Add(2*time.Second))
	granted := core.TakeAllowance(times...)
	rest := granted[len(granted)-4:]
	require.Zero(t, rest[0], "used up")
	require.Zero(t, rest[1])
	require.Zero(t, rest[2])
	require.Positive(t, rest[3])
}
