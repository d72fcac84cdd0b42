package core_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

// TestPrintingContextsReadsNothing: logs print contexts, requests, guards and deliveries while others use them. Under
// the race detector this fails where a verb reads their fields.
func TestPrintingContextsReadsNothing(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Limits.SignalTimeout = time.Minute
	g := mustNew(t, c)
	s := core.NewSignals()
	on(s, "*", func(r *http.Request, e core.Event) error {
		d, found := core.FromContext(r.Context())
		require.True(t, found)
		stop := make(chan struct{})
		var using sync.WaitGroup
		using.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				child, cancel := context.WithCancel(e.Context())
				_ = child.Err()
				cancel()
				_ = r.Context().Err()
				_ = r.Context().Done()
				_ = g.Health()
			}
		})
		for range 200 {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
				require.Equal(t, "sallyport.Context", fmt.Sprintf(verb, e.Context()), verb)
				require.Equal(t, "sallyport.Context", fmt.Sprintf(verb, r.Context()), verb)
				require.Equal(t, "sallyport.Delivery(test)", fmt.Sprintf(verb, d), verb)
				require.Equal(t, "sallyport.Guard(test)", fmt.Sprintf(verb, g), verb)
				require.Equal(t, "sallyport.Signals", fmt.Sprintf(verb, s), verb)
			}
			// With a verb that a pointer does not have, fmt reads whatever an unexported field points to and asks no
			// method, also in a context of package context. These three are the verbs that structs are printed with.
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				_ = fmt.Sprintf(verb, r)
				_ = fmt.Sprintf(verb, e)
			}
		}
		close(stop)
		using.Wait()
		return nil
	})
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	for _, replay := range []bool{true, false} {
		c, _ := config(timestamped())
		if !replay {
			c.Replay = core.DangerouslyNoReplay
		}
		run(mustNew(t, c), signed(event), func(r *http.Request, _ core.Event) error {
			require.Equal(t, "sallyport.Context", fmt.Sprintf("%#v", r.Context()))
			require.Equal(t, "sallyport.Context.WithCancel", fmt.Sprint(withCancel(r.Context())))
			return nil
		})
	}
}

func withCancel(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}
