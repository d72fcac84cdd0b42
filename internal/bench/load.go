package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/provider"
)

// benchLoad puts the routers behind real connections on loopback. Senders and server share the process, so that the CPU
// per request holds both ends: what differs between rows is the check.
func benchLoad(s settings, w io.Writer) error {
	fmt.Fprint(w, "## A server under load\n\nHTTP/1.1 on loopback, kept-alive connections, 1 KiB bodies, one forgery "+
		"among ten genuine deliveries. "+
		"The senders run in the same process, and their CPU is in every row.\n\n"+
		"| router | check | connections | requests | CPU µs per request | p50 µs | p99 µs | heap after KiB "+
		"|\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	limit := max(100*time.Millisecond, 20*s.each)
	for _, r := range routers() {
		g := newGuard(provider.GitHub(), plainSecret)
		after := map[string]uint64{} // the heap of each check after so many connections as all of them surely had
		for _, row := range []struct {
			name string
			h    http.Handler
		}{{"unguarded", r.bare()}, {"hand-written", r.checked(byHand)}, {"**sallyport**", r.guarded(g)}} {
			for _, connections := range []int{32, 256, 1024} {
				heap, err := loadRow(w, r.name, row.name, row.h, connections, limit)
				if err != nil {
					return err
				}
				if connections == 256 {
					after[row.name] = heap
				}
			}
		}
		more := (float64(after["**sallyport**"]) - float64(after["unguarded"])) / (1 << 20)
		s.goals.hold("The heap after 256 connections, "+r.name, "MiB more than of the unguarded router", max(more, 0),
			2)
	}
	fmt.Fprintln(w)
	return nil
}

func loadRow(
	w io.Writer, router, name string, h http.Handler, connections int, limit time.Duration,
) (heap uint64, err error) {
	server := httptest.NewServer(h)
	defer server.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}
	defer transport.CloseIdleConnections()
	genuine, bad := pair(1 << 10)
	send := func(r *request) (int, error) {
		out, err := http.NewRequest(http.MethodPost, server.URL+"/hooks", bytes.NewReader(r.body))
		if err != nil {
			return 0, err
		}
		out.Header = r.Header.Clone()
		answer, err := transport.RoundTrip(out)
		if err != nil {
			return 0, err
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode, answer.Body.Close()
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	start, before := time.Now(), cpu()
	for c := range connections {
		wg.Go(func() {
			var mine []time.Duration
			for n := c; time.Since(start) < limit; n++ {
				r, want := genuine, http.StatusOK
				if n%11 == 0 {
					r = bad
					if name != "unguarded" {
						want = http.StatusBadRequest
					}
				}
				began := time.Now()
				status, err := send(r)
				if err == nil && status != want {
					err = fmt.Errorf("status %d, not %d", status, want)
				}
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				mine = append(mine, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	wg.Wait()
	spent := cpu() - before
	if failed != nil {
		return 0, fmt.Errorf("%s, %s: %w", router, name, failed)
	}
	slices.Sort(took)
	n := len(took)
	transport.CloseIdleConnections()
	server.Close()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "| %s | %s | %d | %d | %.1f | %.0f | %.0f | %d |\n", router, name, connections, n,
		float64(spent.Microseconds())/float64(n),
		float64(took[n/2].Microseconds()), float64(took[n*99/100].Microseconds()), m.HeapAlloc>>10)
	return m.HeapAlloc, nil
}
