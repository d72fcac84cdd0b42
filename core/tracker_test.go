package core_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// unwrapping is a writer of outer middleware that shows what it wraps by Unwrap alone.
type unwrapping struct{ http.ResponseWriter }

func (u unwrapping) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// TestAFlushPastAWrapperIsSeen: http.ResponseController reaches a flusher through Unwrap. What it sends is the answer
// that the provider reads, whatever is written later.
func TestAFlushPastAWrapperIsSeen(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	h := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		require.NoError(t, http.NewResponseController(w).Flush())
		w.WriteHeader(http.StatusInternalServerError) // superfluous
		_, isFlusher := w.(http.Flusher)
		require.False(t, isFlusher, "the writer's abilities stay what they are")
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(unwrapping{w}, signed(event))
	require.Equal(t, http.StatusOK, w.Code)
	last := rec.last(t, g)
	require.Equal(t, reason.Accepted, last.Reason)
	require.Equal(t, http.StatusOK, last.Status)
	require.Equal(t, core.ReplayCommitted, last.Replay, "the provider read a 200 and sends nothing again")
}
