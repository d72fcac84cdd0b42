package intake_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/intake"
)

// timed is a writer that takes deadlines, or fails to.
type timed struct {
	http.ResponseWriter
	err error
	set *time.Time
}

func (w timed) SetReadDeadline(at time.Time) error {
	*w.set = at
	return w.err
}

// wrapper wraps another writer, as middleware does.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestTheDeadlineIsSetOnTheWriterThatNetHTTPFinds(t *testing.T) {
	t.Parallel()
	recorder, began := httptest.NewRecorder(), time.Now()
	for _, row := range []struct {
		name string
		make func(set *time.Time) http.ResponseWriter
	}{
		{"a writer that takes deadlines", func(at *time.Time) http.ResponseWriter { return timed{recorder, nil, at} }},
		{"a wrapped one", func(at *time.Time) http.ResponseWriter { return wrapper{wrapper{timed{recorder, nil, at}}} }},
		{"one that hides another", func(at *time.Time) http.ResponseWriter {
			return wrapper{timed{timed{recorder, nil, at}, nil, at}}
		}},
		{"one that fails", func(at *time.Time) http.ResponseWriter {
			return wrapper{timed{recorder, errors.New("no connection"), at}}
		}},
		{"one without deadlines", func(*time.Time) http.ResponseWriter { return recorder }},
		{"one that wraps nothing", func(*time.Time) http.ResponseWriter { return wrapper{} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var want, got time.Time
			deadline := began.Add(time.Minute)
			taken := http.NewResponseController(row.make(&want)).SetReadDeadline(deadline) == nil
			w := row.make(&got)
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			require.Equal(t, taken, intake.Bound(w, r, began, time.Minute))
			require.Equal(t, want, got)
			intake.LiftBound(w)
			require.True(t, got.IsZero())
		})
	}
}

// It has no deadline to set, and refusing one at length must not cost more than reading a body.
func TestAWriterWithoutDeadlinesAllocatesNothing(t *testing.T) {
	var w http.ResponseWriter = wrapper{httptest.NewRecorder()}
	began := time.Now()
	r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	r.ContentLength = 10
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if intake.Bound(w, r, began, time.Minute) {
			intake.LiftBound(w)
		}
	}))
}
