package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
)

func benchCredentials(s settings, w io.Writer) error {
	fmt.Fprint(w, "## Credentials\n\nHTTP Basic, the pair that matches last in the list; Receive without a body.\n\n")
	var subjects []subject
	for _, n := range []int{1, 20} {
		pairs := make([]string, n)
		for i := range pairs {
			pairs[i] = fmt.Sprintf("user-%d:a-password-of-the-benchmarks-%02d", i, i)
		}
		g, err := core.New(core.Config{
			Endpoint: "bench", Provider: provider.Basic(),
			Credentials: []core.Credential{core.BasicAuth(secrets.Static(pairs...))},
			Replay:      core.DangerouslyNoReplay, DangerouslyAllowHTTP: true, Observers: noObserver(), Logger: quiet(),
		})
		must(err)
		r := newRequest(provider.Basic(), pairs[n-1], nil)
		subjects = append(subjects, subject{name: plural(n, "pair"), run: func() {
			d, reply := g.Receive(nil, r.rewind(), adapter.Inbound{})
			if reply != nil {
				panic(errors.New("refused"))
			}
			d.Finish(adapter.Outcome{})
		}})
	}
	figures := s.measure(subjects)
	writeTable(w, figures, "")
	s.goals.hold("20 pairs of HTTP Basic", "× one pair", figures[1].median/figures[0].median, 1.25)
	for _, f := range figures {
		// A delivery without a body has a handle, the request's copy that carries it, and the function that gives the
		// body.
		s.goals.hold("HTTP Basic, "+f.name, "allocations in addition to Receive's own three", whole(f.allocs-3), 0)
	}
	return nil
}
