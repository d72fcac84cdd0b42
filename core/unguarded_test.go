package core_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestASignalWithoutAGuardIsReportedAndCounted: whoever finds the route can cause it, so that a flood has one line a
// minute and a count. It stays an error. The test changes the default logger, and is not parallel.
func TestASignalWithoutAGuardIsReportedAndCounted(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		log := &jsonLog{}
		slog.SetDefault(log.logger(slog.LevelInfo))
		h := signal(never(t))
		send := func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, signed(event))
			require.Equal(t, 500, w.Code)
		}
		const first, more = "a signal on a request that no guard proved",
			"more signals on requests that no guard proved"
		for range 1000 {
			send()
		}
		require.Len(t, log.lines(t, first), 1)
		require.Equal(t, "ERROR", log.lines(t, first)[0]["level"])
		require.Contains(t, log.lines(t, first)[0]["detail"], "mount Verify before it, or use Handle")
		require.Empty(t, log.lines(t, more))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, log.lines(t, more), 1)
		require.EqualValues(t, 999, log.lines(t, more)[0]["count"])
		require.Equal(t, "ERROR", log.lines(t, more)[0]["level"])
		send()
		require.Len(t, log.lines(t, first), 1, "the minute of the count")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.EqualValues(t, 1, log.lines(t, more)[1]["count"])
		time.Sleep(2 * time.Minute)
		send()
		require.Len(t, log.lines(t, first), 2, "quiet for a minute: the next one has a line again")
	})
}

// TestProvedHandshakesAreSampled: a captured one can be sent again.
func TestProvedHandshakesAreSampled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t, func(c *core.Config) { c.Provider = entry.NewProvider(challenged(), nil) })
		for range 100 {
			run(g, signed(`{"type":"url_verification"}`), never(t))
		}
		require.NoError(t, g.Shutdown(t.Context()))
		require.Len(t, log.lines(t, "handshake or test answered"), 1)
		require.EqualValues(t, 99, log.lines(t, "more webhook deliveries had this outcome")[0]["count"])
	})
}
