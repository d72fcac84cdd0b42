package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/limit/memlimit"
)

// benchRefusals is what unverified senders can make a guard do.
func benchRefusals(s settings, w io.Writer) error {
	fmt.Fprint(w, "## Refusals\n\nGitHub's scheme, an observer and a limit of failures that is never reached. The "+
		"hand-written middleware and the vendor's library refuse the same forgery, and report it to nobody.\n\n")
	byHeaders := s.refuse(w, 1<<10)
	s.refuse(w, 64<<10)
	for _, f := range byHeaders {
		s.goals.state(f.name, "ns", f.median)
		s.goals.hold(f.name, "allocations", whole(f.allocs), 1)
		s.goals.because(1, "it is the answer, whose header whoever wraps the response may keep or write into, whose "+
			"rejection the app may keep, and which holds the observer's context")
	}
	return nil
}

// refuse measures refusals of a delivery of one size. It returns those by the headers.
func (s settings) refuse(w io.Writer, size int) []figure {
	from := senders()[0]
	genuine, bad := pair(size)
	missing := &request{Request: genuine.Clone(context.Background()), body: genuine.body}
	missing.Header.Del("X-Hub-Signature-256")
	malformed := &request{Request: genuine.Clone(context.Background()), body: genuine.body}
	malformed.Header.Set("X-Hub-Signature-256", "sha256=00")
	var ran core.Identity
	_, h := signalling(&from, &ran)
	serve := answering(h)
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	hand, library := answering(checking(from.naive)(silent)), answering(checking(from.library.verify)(silent))
	refused := func(name string, serve func(*request, int), r *request) subject {
		return subject{name: name, run: func() { serve(r, http.StatusBadRequest) }}
	}
	fmt.Fprintf(w, "### %s\n\n", sizeName(size))
	figures := s.measure([]subject{
		hashOf(genuine.body),
		refused("refused: a forged signature", serve, bad),
		refused("refused: a malformed signature, by the headers", serve, malformed),
		refused("refused: no signature, by the headers", serve, missing),
		refused("the hand-written check: a forged signature", hand, bad),
		refused("the hand-written check with "+from.library.name+": a forged signature", library, bad),
		leastToRefuse(malformed),
	})
	writeTable(w, figures, figures[1].name)
	forged, task := figures[1].median, "A forgery, "+sizeName(size)
	if size == 64<<10 {
		s.goals.hold(task, "× SHA-256 of the body", forged/figures[0].median, 1.2)
		s.goals.because(1, fmt.Sprintf("reading the body into a buffer that is used again is the rest; what a "+
			"refusal by "+
			"the headers takes is %.2f of it", figures[2].median/figures[0].median))
		s.goals.hold(task, "bytes of garbage", whole(figures[1].bytes), 2<<10)
		s.goals.because(1, "the reply and the rejection that the app may keep are 0.5 KB; the rest are the samples "+
			"of refused bodies that are explained, as many as a fixed allowance of time permits, which fills up again "+
			"between rounds")
		s.goals.hold(task, "× the hand-written check", forged/figures[4].median, 1)
	} else {
		s.goals.state(task, "× the hand-written check", forged/figures[4].median)
	}
	return figures[2:4]
}

const leastRefusal = "the least refusal: an address, three headers, a token of a bucket, the clock, a record, an answer"

// leastToRefuse is what a guard that counts failures and reports them cannot leave out, made of nothing but that.
func leastToRefuse(r *request) subject {
	limiter, err := memlimit.New(memlimit.Config{PerSecond: 1e6, Burst: 1e9})
	must(err)
	ctx := context.Background()
	text, safe, body := []string{"text/plain; charset=utf-8"}, []string{"nosniff"}, []byte("Bad Request\n")
	out := sink{header: http.Header{}}
	var mu sync.Mutex
	var records []core.Record
	observe := core.ObserverFunc(func(context.Context, core.Record) {})
	return subject{name: leastRefusal, run: func() {
		start := time.Now()
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		must(err)
		for _, name := range []string{"Content-Encoding", "Content-Type", "X-Hub-Signature-256"} {
			if v := r.Header[name]; len(v) > 1 {
				panic(errForged)
			}
		}
		if ok, _, err := limiter.Allow(ctx, "", 1); err != nil || !ok {
			panic(errForged)
		}
		out.empty()
		out.header["Content-Type"], out.header["X-Content-Type-Options"] = text, safe
		out.WriteHeader(http.StatusBadRequest)
		_, _ = out.Write(body)
		mu.Lock()
		defer mu.Unlock()
		records = append(records,
			core.Record{Time: start, Source: peer.Addr(), Status: http.StatusBadRequest, Total: time.Since(start)})
		if len(records) == 256 {
			for i := range records {
				observe.Observe(ctx, records[i])
			}
			clear(records)
			records = records[:0]
		}
	}}
}
