package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// sender sends events as a provider does: at most so many at a time, each again until it is acknowledged, after pauses
// that grow, under the same id and a new signature.
type sender struct {
	url   string
	least int           // how many events are sent at least
	until chan struct{} // closed when no more need be sent

	sent         atomic.Int64
	acknowledged atomic.Int64
	retried      atomic.Int64
}

const (
	atATime    = 24
	firstPause = 40 * time.Millisecond
	lastPause  = time.Second
	twice      = 8 // one in so many events is delivered twice, as providers do now and then
)

func eventID(n int) string { return fmt.Sprintf("evt_%06d", n) }

func (s *sender) send(ctx context.Context) error {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: atATime}}
	defer client.CloseIdleConnections()
	events := make(chan int)
	var group sync.WaitGroup
	for range atATime {
		group.Go(func() {
			for n := range events {
				s.deliver(ctx, client, n)
			}
		})
	}
	for n := 0; s.more(n) && ctx.Err() == nil; n++ {
		select {
		case events <- n:
			s.sent.Add(1)
		case <-ctx.Done():
		}
	}
	close(events)
	group.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%d of %d events were acknowledged in time: %w", s.acknowledged.Load(), s.sent.Load(), err)
	}
	return nil
}

func (s *sender) more(n int) bool {
	select {
	case <-s.until:
		return n < s.least
	default:
		return true
	}
}

// deliver sends one event until it is acknowledged, and some events to two receivers at once.
func (s *sender) deliver(ctx context.Context, client *http.Client, n int) {
	if n%twice == 0 {
		var other sync.WaitGroup
		defer other.Wait()
		other.Go(func() {
			s.retried.Add(1)
			_ = s.attempt(ctx, client, n)
		})
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if s.attempt(ctx, client, n) == nil {
			s.acknowledged.Add(1)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
		s.retried.Add(1)
	}
}

func (s *sender) attempt(ctx context.Context, client *http.Client, n int) error {
	body := fmt.Sprintf(`{"id":%q,"type":"order.paid","data":{"object":{"number":%d}}}`, eventID(n), n)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		return err
	}
	if err := webhooktest.Sign(req, provider.Stripe(), secret, time.Now()); err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer was %s", resp.Status)
	}
	return nil
}
