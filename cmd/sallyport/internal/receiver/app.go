package receiver

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core"
)

// app is what is served: the endpoints on their router, which are mounted again when one of them has got its secret.
// What has begun on the router before ends there.
type app struct {
	router string
	logger *slog.Logger

	handler atomic.Pointer[http.Handler]

	mu        sync.Mutex // held while the endpoints are read or changed
	endpoints []*endpoint
	retired   []*core.Guard
}

func newApp(router string, endpoints []*endpoint, logger *slog.Logger) (*app, error) {
	a := &app{router: router, logger: logger, endpoints: slices.Clone(endpoints)}
	return a, a.mount()
}

// ServeHTTP serves what is mounted now.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*a.handler.Load()).ServeHTTP(w, r) }

func (a *app) mount() error {
	h, err := mount(a.router, a.endpoints, a.logger)
	if err != nil {
		return err
	}
	a.handler.Store(&h)
	return nil
}

// replace gives an endpoint another guard.
func (a *app) replace(i int, guard *core.Guard) {
	a.mu.Lock()
	defer a.mu.Unlock()
	renewed := *a.endpoints[i]
	a.retired = append(a.retired, renewed.guard)
	renewed.guard, renewed.wait = guard, nil
	a.endpoints[i] = &renewed
	if err := a.mount(); err != nil {
		a.logger.Error("receiver", "error", err) // it was mounted before: there is no such router no more
	}
}

// follow has the endpoints that wait for their secrets look for them, until ctx ends; the function it returns waits for
// that.
func (a *app) follow(ctx context.Context) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	for i, e := range a.endpoints {
		if e.wait == nil {
			continue
		}
		e.wait.serve(func(guard *core.Guard) { a.replace(i, guard) })
		running.Go(func() { e.wait.watch(ctx) })
	}
	return func() {
		stop()
		running.Wait()
	}
}

// flush waits until the observers have every record of the guards.
func (a *app) flush(ctx context.Context) error {
	a.mu.Lock()
	guards := slices.Clone(a.retired)
	for _, e := range a.endpoints {
		guards = append(guards, e.guard)
	}
	a.mu.Unlock()
	var err error
	for _, guard := range guards {
		err = errors.Join(err, guard.Flush(ctx))
	}
	return err
}
