package inspector

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
)

const (
	maxStreams = 16                     // at a time: each asks the journal
	lookAgain  = 500 * time.Millisecond // between two looks at the journal
	lookNear   = 100 * time.Millisecond // between two looks at the activity, which is in memory
	keepAlive  = 15 * time.Second       // between two signs of life, for proxies that close what is silent
	// streamLife is after how long a stream ends. The browser opens the next by itself, and Authorize is called again:
	// whoever may no longer see the page does not keep a stream.
	streamLife = 10 * time.Minute
	// writeTimeout bounds each write, longer than keepAlive. Who reads nothing does not keep a stream either.
	writeTimeout = 30 * time.Second
)

// stream reports by server-sent events that the list has changed. It sends nothing of it: the page loads the list again
// by the same request as before, with the same checks.
func (p *Inspector) stream(w http.ResponseWriter, r *http.Request) {
	select {
	case p.streams <- struct{}{}:
		defer func() { <-p.streams }()
	default:
		p.fail(w, r, http.StatusServiceUnavailable, "Too many live pages are open.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), streamLife)
	defer cancel()
	go func() { // a store that hangs is not waited for
		select {
		case <-p.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	control := http.NewResponseController(w)
	// The server's own deadline would end the stream. Where it cannot be set, the stream ends, and begins again.
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx
	w.WriteHeader(http.StatusOK)
	look, near, alive := time.NewTicker(lookAgain), time.NewTicker(lookNear), time.NewTicker(keepAlive)
	defer look.Stop()
	defer near.Stop()
	defer alive.Stop()
	last, sent := p.mark(ctx), time.Time{}
	fmt.Fprintf(w, "retry: 2000\n\n")
	for {
		_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
		if control.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			fmt.Fprint(w, ": alive\n\n")
		case <-near.C:
			// The first delivery after a pause shows at once. Of a stream of them each page loads two lists a second.
			if p.activity.version() == last.activity || time.Since(sent) < lookAgain {
				continue
			}
			last, sent = p.mark(ctx), time.Now()
			fmt.Fprint(w, "event: changed\ndata: \n\n")
		case <-look.C:
			if now := p.mark(ctx); now != last {
				last, sent = now, time.Now()
				fmt.Fprint(w, "event: changed\ndata: \n\n")
			}
		}
	}
}

// mark names what the list shows now.
type mark struct {
	newest   journal.ID
	revision uint64
	at       time.Time
	activity uint64
}

func (p *Inspector) mark(ctx context.Context) mark {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	m := mark{activity: p.activity.version()}
	rows, err := p.journal.List(ctx, journal.Page{Limit: 1})
	if err == nil && len(rows) > 0 {
		m.newest, m.revision, m.at = rows[0].ID, rows[0].Revision, rows[0].At
	}
	return m
}
