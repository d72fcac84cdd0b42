package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// remembered is a sender whose complete path is measured, and what its events are remembered by.
type remembered struct {
	sender
	by       string
	byDigest bool
	most     map[int]float64 // by the size of the body: × SHA-256 of it
}

func rememberedSenders() []remembered {
	all := senders()
	return []remembered{
		{all[0], "a digest of the body", true, map[int]float64{1 << 10: 9, 64 << 10: 2.6}},
		{all[1], "an id in the body", false, map[int]float64{1 << 10: 8, 64 << 10: 2.2}},
	}
}

// benchComplete is the whole path with an observer, a replay store and a signal.
func benchComplete(s settings, w io.Writer) error {
	fmt.Fprint(w, "## The complete path\n\nAn observer, memstore, and one signal. A forgotten identity lets the same "+
		"delivery run again. To set and lift the read deadline takes about 0.4 µs of 19 on a real connection. A "+
		"watchdog for each guard in its place was tried: it still has to lift a deadline that middleware has set "+
		"before, and brought less than 5%.\n\n")
	for _, from := range rememberedSenders() {
		for _, size := range []int{1 << 10, 64 << 10} {
			s.completePath(w, &from, size)
		}
	}
	return nil
}

// answering serves a request and panics where the answer is another one.
func answering(h http.Handler) func(r *request, want int) {
	out := sink{header: http.Header{}}
	return func(r *request, want int) {
		out.empty()
		if h.ServeHTTP(&out, r.rewind()); out.status != want {
			panic(fmt.Sprint("status ", out.status))
		}
	}
}

// signalling is a guard with a store and one signal, which notes what ran. It returns the store, see forget.
func signalling(from *sender, ran *core.Identity) (replay.Store, http.Handler) {
	store := memstore.New()
	g := guardWith(from.p, store, from.secret)
	return store, httpwebhook.Verify(g)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		*ran = e.Identity
		return nil
	}))
}

// forget makes a store forget events, so that their delivery runs again. Guard.Forget, which people call now and then,
// does more, and is no part of a delivery.
func forget(store replay.Store, ids ...core.Identity) {
	keys := make([]replay.Key, len(ids))
	for i, id := range ids {
		keys[i] = replay.Key(id)
	}
	must(store.Forget(context.Background(), keys))
}

func (s settings) completePath(w io.Writer, from *remembered, size int) {
	genuine, _ := pairOf(from.p, from.secret, size)
	var last, kept core.Identity
	store, h := signalling(&from.sender, &last)
	_, done := signalling(&from.sender, &kept)
	serve, again := answering(h), answering(done)
	again(genuine, http.StatusOK)
	subjects := []subject{
		hashOf(genuine.body),
		{name: "accepted, run and committed (and forgotten again)", run: func() {
			serve(genuine, http.StatusOK)
			forget(store, last)
		}},
		{name: "a duplicate", run: func() { again(genuine, http.StatusOK) }},
		leastComplete(from, genuine),
	}
	name := from.name + ", remembered by " + from.by + ", " + sizeName(size)
	fmt.Fprintf(w, "### %s\n\n", name)
	figures := s.measure(subjects)
	writeTable(w, figures, "")
	adds := benchDuties(s, w, from, genuine)
	hashes := func(ns float64) float64 { return ns / figures[0].median }
	s.goals.hold("The complete path, "+name, "× SHA-256 of the body", hashes(figures[1].median), from.most[size])
	s.goals.because(1, fmt.Sprintf("duty by duty, what no guard with a store can leave out is %.2f (a check, the "+
		"copy of the body for the signal, what the store does, and the digest where one is remembered); the list of "+
		"secrets adds %.2f (laws 2, 3, 7), the perimeter, the handle, the body that the app keeps and the record "+
		"%.2f (7, 8, 18, 19, 24), the deadline and the watched answer %.2f (7, 12), the event with its identity "+
		"%.2f (11, 13), claim, lease and commit %.2f (12, 15 to 17), the signal %.2f (17, 26, 27)",
		hashes(find(figures, leastWhole).median), hashes(adds[1]), hashes(adds[2]), hashes(adds[3]), hashes(adds[4]),
		hashes(adds[5]), hashes(adds[6])))
	s.goals.state("A duplicate, "+name, "× SHA-256 of the body", hashes(figures[2].median))
}

const leastWhole = leastName + ", the store's part, a copy of the body"

// leastComplete is what no guard with a replay store can leave out: a check, the digest of the body where the event is
// remembered by it, the claim, the commit and the forgetting of this benchmark, and the signal's own copy of the body.
func leastComplete(from *remembered, r *request) subject {
	t := target{bodyOnly: from.byDigest, secret: from.secret}
	verify := t.leastOf(r).verify(1)
	store, ctx := memstore.New(), context.Background()
	var kept []byte
	return subject{name: leastWhole, run: func() {
		if !verify(r.body) {
			panic(errForged)
		}
		remembered := r.body
		if !from.byDigest {
			remembered = r.body[:16] // as long as an id is
		}
		item := replay.Item{Digest: sha256.Sum256(remembered)}
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
