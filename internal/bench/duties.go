package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// duty is something that the complete path does beyond what the step before it does, and the laws of the design that
// ask for it.
type duty struct {
	does, laws string
	run        func()
}

// duties are the steps from a mere check to the complete path.
func duties(from *remembered, genuine *request) []duty {
	t := target{bodyOnly: from.byDigest, secret: from.secret}
	bare := t.leastOf(genuine).verify(1)
	alone := newGuard(from.p, from.secret)
	m := measuring(alone)
	out := sink{header: http.Header{}}
	serve := func(h http.Handler) {
		out.empty()
		if h.ServeHTTP(&out, genuine.rewind()); out.status != 0 && out.status != http.StatusOK {
			panic(fmt.Sprint("status ", out.status))
		}
	}
	silent := httpwebhook.Verify(alone)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	var ran core.Identity
	remembering := memstore.New()
	asks := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		d, _ := core.FromContext(r.Context())
		ran = d.Events()[0].Identity
	})
	asked := httpwebhook.Verify(alone)(asks)
	handled := httpwebhook.Verify(guardWith(from.p, remembering, from.secret))(asks)
	running, signalled := signalling(&from.sender, &ran)
	return []duty{
		{"a pooled HMAC, a signature decoded and compared", "the floor", func() {
			if !bare(genuine.body) {
				panic(errForged)
			}
		}},
		{"a list of secrets, each with its times and its use counted; the header once, within its limits", "2, 3, 7",
			func() {
				if !m.VerifySignature(genuine.Request, genuine.body, time.Now()) {
					panic(errForged)
				}
			}},
		{"method, transport, source, rate, encoding; the body read within its size and time and its place among " +
			"others; the handle, the body and the request, which the app keeps; the record", "7, 8, 18, 19, 24",
			func() {
				d, reply := alone.Receive(nil, genuine.rewind(), adapter.Inbound{})
				if reply != nil {
					panic(errForged)
				}
				d.Finish(adapter.Outcome{})
			}},
		{"the connection's deadline set and lifted, and the handler's answer watched", "7, 12",
			func() { serve(silent) }},
		{"what the event says of itself, and what it is remembered by", "11, 13",
			func() { serve(asked) }},
		{"a claim with a lease that is renewed, the commit, and the event forgotten again", "12, 15, 16, 17", func() {
			serve(handled)
			forget(remembering, ran)
		}},
		{"the signal: its context and its end, a panic contained, the answer after the commit", "17, 26, 27", func() {
			serve(signalled)
			forget(running, ran)
		}},
	}
}

// benchDuties prints what the complete path is made of, and returns what each step adds.
func benchDuties(s settings, w io.Writer, from *remembered, genuine *request) (added []float64) {
	steps := duties(from, genuine)
	subjects := make([]subject, len(steps))
	for i := range steps {
		subjects[i] = subject{name: steps[i].does, run: steps[i].run}
	}
	figures := s.measure(subjects)
	fmt.Fprint(w, "What it is made of: each row does what the rows above it do, and more; the laws are those "+
		"of [laws.md](../laws.md) that ask for it. What adds nothing adds less than the noise.\n\n| and | median ns "+
		"| adds | law |\n|---|---:|---:|---|\n")
	before := 0.0
	for i := range figures {
		// What is less than the noise of two rows may come out negative.
		added = append(added, max(0, figures[i].median-before))
		before = figures[i].median
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %s |\n", figures[i].name, figures[i].median, added[i], steps[i].laws)
	}
	fmt.Fprintln(w)
	return added
}
