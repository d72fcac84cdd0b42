package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// benchComplete is the whole path with an observer, a replay store and a signal, and the refusals.
func benchComplete(s settings, w io.Writer) error {
	fmt.Fprint(w, "## The complete path, and refusals\n\nAn observer, memstore, and one signal; 1 KiB, GitHub's "+
		"scheme. A forgotten identity lets the same delivery run again.\n\n")
	genuine, bad := pair(1 << 10)
	missing := &request{Request: genuine.Clone(context.Background()), body: genuine.body}
	missing.Header.Del("X-Hub-Signature-256")
	malformed := &request{Request: genuine.Clone(context.Background()), body: genuine.body}
	malformed.Header.Set("X-Hub-Signature-256", "sha256=00")
	open := func() (*core.Guard, http.Handler, *core.Identity) {
		g := guardWith(provider.GitHub(), memstore.New(), plainSecret)
		var last core.Identity
		h := httpwebhook.Verify(g)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
			last = e.Identity
			return nil
		}))
		return g, h, &last
	}
	out := sink{header: http.Header{}}
	serve := func(h http.Handler, r *request, want int) {
		out.empty()
		if h.ServeHTTP(&out, r.rewind()); out.status != want {
			panic(fmt.Sprint("status ", out.status))
		}
	}
	g, h, last := open()
	_, done, _ := open()
	serve(done, genuine, http.StatusOK)
	subjects := []subject{
		hashOf(genuine.body),
		{name: "accepted, run and committed (and forgotten again)", run: func() {
			serve(h, genuine, http.StatusOK)
			must(g.Forget(context.Background(), *last))
		}},
		{name: "a duplicate", run: func() { serve(done, genuine, http.StatusOK) }},
		{name: "refused: a forged signature", run: func() { serve(h, bad, http.StatusBadRequest) }},
		{name: "refused: a malformed signature, by the headers",
			run: func() { serve(h, malformed, http.StatusBadRequest) }},
		{name: "refused: no signature, by the headers", run: func() { serve(h, missing, http.StatusBadRequest) }},
	}
	subjects = append(subjects, leastComplete(genuine), leastToRefuse(malformed))
	figures := s.measure(subjects)
	writeTable(w, figures, "")
	added := benchDuties(s, w, genuine)
	hashes := func(ns float64) float64 { return ns / figures[0].median }
	s.goals.hold("The complete path, 1 KiB", "× SHA-256 of the body", hashes(figures[1].median), 4)
	s.goals.because(1, fmt.Sprintf("a check, the digest that is remembered, what the store does, and a copy of the "+
		"body for the signal are %.2f at the least; the list of secrets adds %.2f (laws 2, 3, 7), the perimeter, the "+
		"handle, the body that the app keeps and the record %.2f (7, 8, 18, 19, 24), the deadline and the watched "+
		"answer %.2f (7, 12), the event with its digest and identity %.2f (11, 13), claim, lease and commit %.2f "+
		"(12, 15 to 17), the signal %.2f (17, 26, 27)",
		hashes(find(figures, leastWhole).median), hashes(added[1]), hashes(added[2]), hashes(added[3]),
		hashes(added[4]), hashes(added[5]), hashes(added[6])))
	s.goals.hold("A forgery, 1 KiB", "× what is accepted", figures[3].median/figures[1].median, 1)
	for _, f := range figures[4:6] {
		s.goals.hold(f.name, "ns", f.median, 1000)
		s.goals.because(1, fmt.Sprintf("of that %.0f ns are the parts that no refusal can leave out which is counted "+
			"and reported", find(figures, leastRefusal).median))
		s.goals.hold(f.name, "allocations", whole(f.allocs), 0)
		s.goals.because(1, "the answer, whose header whoever wraps the response may keep or write into, and whose "+
			"rejection the app may keep")
	}
	return nil
}

const leastWhole = leastName + ", a digest, the store's part, a copy of the body"

// leastComplete is what no guard with a replay store can leave out: a check, the digest of the body, the claim, the
// commit and the forgetting of this benchmark, and the signal's own copy of the body.
func leastComplete(r *request) subject {
	t := target{bodyOnly: true, secret: plainSecret}
	verify := t.leastOf(r).verify(1)
	store, ctx := memstore.New(), context.Background()
	var kept []byte
	return subject{name: leastWhole, run: func() {
		if !verify(r.body) {
			panic(errForged)
		}
		item := replay.Item{Digest: sha256.Sum256(r.body)}
		item.Key = replay.Key(item.Digest)
		results, err := store.Claim(ctx, []replay.Item{item}, time.Minute)
		must(err)
		kept = bytes.Clone(r.body)
		must(store.Settle(ctx,
			[]replay.Settlement{{Key: item.Key, Token: results[0].Token, Verdict: replay.Commit, TTL: time.Hour}}))
		must(store.Forget(ctx, []replay.Key{item.Key}))
		runtime.KeepAlive(kept)
	}}
}

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
