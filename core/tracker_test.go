package core_test

import (
	"context"
	"errors"
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

// TestAFlushBeforeSignalsDecidesTheAnswer: whichever way middleware flushes, the 200 is sent, and nothing is added to
// it.
func TestAFlushBeforeSignalsDecidesTheAnswer(t *testing.T) {
	t.Parallel()
	for name, flush := range map[string]func(http.ResponseWriter){
		"Flush":      func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"controller": func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			fails := signal(func(context.Context, core.Event) error { return errors.New("the database is down") })
			w := httptest.NewRecorder()
			httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				flush(w)
				fails.ServeHTTP(w, r)
			})).ServeHTTP(w, signed(event))
			require.Equal(t, 200, w.Code)
			require.Empty(t, w.Body.String())
			require.Equal(t, 200, rec.last(t, g).Status)
		})
	}
}
