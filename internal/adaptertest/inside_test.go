package adaptertest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	echo4 "github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// errStock is an error type of the app's own.
type errStock struct{ item string }

func (e *errStock) Error() string { return "hunter2: no stock of " + e.item }

var errDeep = errors.New("hunter2: the database said no")

// printed is everything that a router, or code that knows nothing of rejections, prints of an error.
func printed(t *testing.T, err error) string {
	t.Helper()
	text := fmt.Sprintf("%v %+v %s %q", err, err, err, err)
	var rejection *core.Rejection
	require.ErrorAs(t, err, &rejection)
	text += fmt.Sprintf("%v %+v %#v %v %+v %#v", rejection, rejection, rejection, *rejection, *rejection, *rejection)
	for _, v := range []any{err, rejection, *rejection, map[string]any{"error": rejection}} {
		b, jsonErr := json.Marshal(v)
		require.NoError(t, jsonErr)
		text += string(b)
	}
	var he *echo4.HTTPError
	if errors.As(err, &he) {
		text += fmt.Sprint(he.Message, he.Error(), he.Internal)
	}
	var ge *gin.Error
	if errors.As(err, &ge) {
		b, jsonErr := json.Marshal(ge.JSON())
		require.NoError(t, jsonErr)
		text += string(b)
	}
	return text
}

func TestTheAppsOwnErrorIsReachedInsideAndNeverShownOutside(t *testing.T) {
	stock := &errStock{"tea"}
	outcomes := map[string]receiver{
		"returned": func(*call, core.Event) error { return stock },
		"wrapped and joined": func(*call, core.Event) error {
			return fmt.Errorf("ship: %w",
				errors.Join(errDeep, stock))
		},
		"panicked with": func(*call, core.Event) error { panic(stock) },
	}
	var rows []row
	for name, fn := range outcomes {
		rows = append(rows, row{"an error that a signal " + name, func(t *testing.T, rt router) {
			for _, make := range append([]func() *app{rt.new}, rt.leaky...) {
				g, _ := newGuard(t)
				a := make()
				var seen []error
				if rt.watch == nil {
					return // the observer's record has it: TestTheOutside
				}
				rt.watch(a, func(err error) { seen = append(seen, err) })
				a.mount(path, g, fn)
				s := serve(t, a)
				got := s.deliver(t)
				require.Equal(t, http.StatusInternalServerError, got.status)
				requireNoLeak(t, got)
				s.running.wait()
				require.Len(t, seen, 1)
				var own *errStock
				require.ErrorAs(t, seen[0], &own)
				require.Same(t, stock, own)
				require.ErrorIs(t, seen[0], stock)
				var rejection *core.Rejection
				require.ErrorAs(t, seen[0], &rejection)
				require.Equal(t, reason.SignalFailed.Class(), rejection.Reason.Class())
				requireNoLeak(t, answer{body: printed(t, seen[0])})
			}
		}})
	}
	rows = append(rows, row{"a store's error", func(t *testing.T, rt router) {
		store := memstore.New()
		require.NoError(t, store.Close())
		g, _ := newGuard(t, func(c *core.Config) { c.Replay = store })
		a := rt.new()
		var seen []error
		if rt.watch == nil {
			return
		}
		rt.watch(a, func(err error) { seen = append(seen, err) })
		var n counter
		a.mount(path, g, n.signal)
		s := serve(t, a)
		require.Equal(t, http.StatusServiceUnavailable, s.deliver(t).status)
		s.running.wait()
		require.Len(t, seen, 1)
		var rejection *core.Rejection
		require.ErrorAs(t, seen[0], &rejection)
		require.NotNil(t, rejection.Cause())
		require.ErrorIs(t, seen[0], rejection.Cause())
		requireNoLeak(t, answer{body: printed(t, seen[0])})
	}}, row{"a refusal has nothing of the app's inside, and prints one text for each status",
		func(t *testing.T, rt router) {
			g, _ := fullyGuarded(t)
			a := rt.new()
			var seen []error
			if rt.watch == nil {
				return
			}
			rt.watch(a, func(err error) { seen = append(seen, err) })
			var n counter
			a.mount(path, g, n.signal)
			s := serve(t, a)
			texts := map[string]bool{}
			for _, spoil := range failures() {
				r := s.full(t)
				spoil(r)
				_ = s.send(t, r)
				s.running.wait()
				err := seen[len(seen)-1]
				text := printed(t, err)
				requireNoLeak(t, answer{body: text})
				texts[text] = true
			}
			require.Len(t, texts, 1)
		}})
	table(t, rows)
}

// TestGinsLoggersPrintThePublicTextOnly: gin.Logger prints private errors into the access log.
func TestGinsLoggersPrintThePublicTextOnly(t *testing.T) {
	var logged testlog.Log
	e := gin.New()
	e.Use(gin.LoggerWithWriter(&logged), gin.ErrorLogger())
	g, _ := newGuard(t)
	a := &app{Handler: e}
	e.POST(path, ginRouter().verify(g, nil).(gin.HandlerFunc),
		ginRouter().signal(func(*call, core.Event) error { return errDeep }).(gin.HandlerFunc))
	s := serve(t, a)
	got := s.deliver(t)
	s.running.wait()
	requireNoLeak(t, got)
	require.Contains(t, logged.String(), "Internal Server Error")
	require.NotContains(t, logged.String(), "hunter2")
}
