package receiver

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/routers"
)

// Routers returns the names that a configuration may use.
func Routers() []string {
	var names []string
	for _, r := range routers.All() {
		names = append(names, r.Name)
	}
	return names
}

// mount builds the app. Whatever the router prints of itself is logged: standard output is for our lines.
func mount(router string, endpoints []*endpoint, logger *slog.Logger) (http.Handler, error) {
	for _, r := range routers.All() {
		if r.Name != router {
			continue
		}
		app := r.New(logger)
		for _, e := range endpoints {
			signals := core.NewSignals()
			signals.On("*", func(_ context.Context, ev core.Event) error { return e.signal(ev) })
			app.Handle(e.pattern(), e.guard, signals)
		}
		return app, nil
	}
	return nil, fmt.Errorf("no router is called %q", router)
}
