package riverinbox_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// BenchmarkThousandEvents sends a thousand events from eight senders to an endpoint, while ten workers work them. What
// is reported is the time until the last answer and until the last job, and how long an answer takes.
func BenchmarkThousandEvents(b *testing.B) {
	for _, d := range []sqltx.Dialect{sqltx.PostgreSQL, sqltx.SQLite} {
		b.Run(d.String(), func(b *testing.B) {
			const events, senders = 1000, 8
			for b.Loop() {
				p := newPlace(b, d)
				e := p.endpoint(b, nil)
				p.work(b, only(pay), func(_ *river.Config, c *riverinbox.Config) { c.MaxWorkers = 10 })
				began := time.Now()
				var next atomic.Int64
				var mu sync.Mutex
				var answers []time.Duration
				var wait sync.WaitGroup
				for range senders {
					wait.Go(func() {
						for n := next.Add(1); n <= events; n = next.Add(1) {
							sent := time.Now()
							if code := e.send(b, int(n)); code != 200 {
								b.Error(code)
							}
							mu.Lock()
							answers = append(answers, time.Since(sent))
							mu.Unlock()
						}
					})
				}
				wait.Wait()
				answered := time.Since(began)
				p.completed(b, events)
				require.Equal(b, events, p.payments(b))
				slices.Sort(answers)
				b.ReportMetric(events/answered.Seconds(), "answers/s")
				b.ReportMetric(float64(answers[events/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(answers[events*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(time.Since(began).Seconds(), "s-worked")
			}
		})
	}
}
