package sweep_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/sweep"
)

func TestASweepIsDueOnceAnHourOrAQuarterOfTheRetention(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	var short, long sweep.Times
	require.True(t, short.Due(now, time.Minute))
	require.False(t, short.Due(now, time.Minute), "another delivery has begun it")
	require.False(t, short.Due(now.Add(59*time.Minute), time.Minute))
	require.True(t, short.Due(now.Add(time.Hour), time.Minute))
	require.True(t, long.Due(now, 72*time.Hour))
	require.False(t, long.Due(now.Add(17*time.Hour), 72*time.Hour))
	require.True(t, long.Due(now.Add(18*time.Hour), 72*time.Hour))
}
