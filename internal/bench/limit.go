package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/sethvargo/go-limiter/memorystore"
	"golang.org/x/time/rate"

	"github.com/sallyport-go/sallyport/core/limit/memlimit"
)

// benchLimit asks for one of what a thousand keys may use, and always gets it.
func benchLimit(s settings, w io.Writer) error {
	const keys = 1000
	names := make([]string, keys)
	for i := range names {
		names[i] = "192.0.2." + strconv.Itoa(i)
	}
	ctx := context.Background()
	n := 0
	next := func() string { n++; return names[n%keys] }
	mine, err := memlimit.New(memlimit.Config{PerSecond: 1e6, Burst: 1e9})
	if err != nil {
		return err
	}
	peer, err := memorystore.New(&memorystore.Config{Tokens: 1 << 60, Interval: time.Hour})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	byKey := map[string]*rate.Limiter{}
	const ours = "**memlimit**"
	subjects := []subject{
		{name: "sethvargo/go-limiter memorystore", run: func() {
			if _, _, _, ok, err := peer.Take(ctx, next()); err != nil || !ok {
				panic("refused")
			}
		}},
		{name: "x/time/rate in a map with a mutex", run: func() {
			key := next()
			mu.Lock()
			l := byKey[key]
			if l == nil {
				l = rate.NewLimiter(1e6, 1e9)
				byKey[key] = l
			}
			mu.Unlock()
			if !l.Allow() {
				panic("refused")
			}
		}},
		{name: ours, run: func() {
			if ok, _, err := mine.Allow(ctx, next(), 1); err != nil || !ok {
				panic("refused")
			}
		}},
	}
	fmt.Fprint(w, "## Rate limits\n\nOne key of a thousand, allowed.\n\n")
	writeTable(w, s.measure(subjects), ours)
	return nil
}
