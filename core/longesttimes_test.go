package core_test

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestTheLongestTimesAreNotNegative: who wants no limit writes the longest time that there is. What is added to it must
// not make it end before it has begun.
func TestTheLongestTimesAreNotNegative(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), func(c *core.Config) {
		c.Limits.SignalTimeout, c.Limits.Retention, c.SilenceAfter = math.MaxInt64, math.MaxInt64, math.MaxInt64
	})
	broken := true
	app := httpwebhook.Verify(j.Guard)(signal(func(ctx context.Context, _ core.Event) error {
		require.NoError(t, ctx.Err())
		if broken {
			return errColumn
		}
		return nil
	}))
	w := httptest.NewRecorder()
	app.ServeHTTP(w, signed(event))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	broken = false
	_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.NoError(t, err)
	w = httptest.NewRecorder()
	app.ServeHTTP(w, signed(event))
	require.Equal(t, http.StatusOK, w.Code, "it is remembered as done")
	require.NoError(t, j.Shutdown(t.Context()))
}
