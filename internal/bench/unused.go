package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// benchUnused has deliveries to guards with features that the delivery does not use, next to guards without.
func benchUnused(s settings, w io.Writer) error {
	fmt.Fprint(w, "## Features that are not used\n\n1 KiB. Nothing may be allocated for a feature that a delivery "+
		"does not use: an email sender's event that nobody normalises, a journal in which nothing is kept, metrics "+
		"that nobody asked for. `make instructions` bounds the instructions of these paths.\n\n")
	kept, err := journal.InMemory(journal.Config{Keys: secrets.Static(plainSecret)})
	must(err)
	svix, resend, hub := provider.Svix(), provider.Resend(), provider.GitHub()
	subjects := []subject{
		unused("a handler, Svix", svix, svixSecret, false, nil),
		unused("a handler, Resend, whose email events are Svix deliveries", resend, svixSecret, false, nil),
		unused("a signal", hub, plainSecret, true, nil),
		unused("a signal, and a journal", hub, plainSecret, true, func(c *core.Config) { c.Journal = kept }),
		unused("a handler, with an observer", hub, plainSecret, false, nil),
		unused("a handler, without one", hub, plainSecret, false, func(c *core.Config) { c.Observers = nil }),
	}
	figures := s.measure(subjects)
	writeTable(w, figures, "")
	more := func(i, j int) float64 { return max(0, whole(figures[i].allocs)-whole(figures[j].allocs)) }
	s.goals.hold("Not used: normalised email events", "allocations more", more(1, 0), 0)
	s.goals.hold("Not used: a journal", "allocations more", more(3, 2), 0)
	s.goals.hold("Not used: instrumentation", "allocations more than with it", more(5, 4), 0)
	return nil
}

func unused(name string, p core.Provider, secret string, signals bool, change func(*core.Config)) subject {
	c := core.Config{
		Endpoint: "bench", Provider: p, Secrets: secrets.Static(secret), Replay: core.DangerouslyNoReplay,
		DangerouslyAllowHTTP: true, Observers: noObserver(), Logger: quiet(),
	}
	if signals {
		c.Replay, c.StoreFailure = memstore.New(), core.RefuseDelivery
	}
	if change != nil {
		change(&c)
	}
	g, err := core.New(c)
	must(err)
	genuine, _ := pairOf(p, secret, 1<<10)
	var ran core.Identity
	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	if signals {
		handler = httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
			ran = e.Identity
			return nil
		})
	}
	serve := answering(httpwebhook.Verify(g)(handler))
	return subject{name: name, run: func() {
		serve(genuine, http.StatusOK)
		if signals {
			forget(c.Replay, ran)
		}
	}}
}
