package inspector

import (
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
)

const (
	maxStreams = 16                     // at a time: each asks the journal
	lookAgain  = 500 * time.Millisecond // between two looks at the journal
	keepAlive  = 15 * time.Second       // between two signs of life, for proxies that close what is silent
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
	control := http.NewResponseController(w)
	// the server's own would end the stream; without it the stream begins again
	_ = control.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx
	w.WriteHeader(http.StatusOK)
	look, alive := time.NewTicker(lookAgain), time.NewTicker(keepAlive)
	defer look.Stop()
	defer alive.Stop()
	last := p.mark(r)
	fmt.Fprintf(w, "retry: 2000\n\n")
	for {
		if control.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-p.closed:
			return
		case <-alive.C:
			fmt.Fprint(w, ": alive\n\n")
		case <-look.C:
			if now := p.mark(r); now != last {
				last = now
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

func (p *Inspector) mark(r *http.Request) mark {
	m := mark{activity: p.activity.version()}
	rows, err := p.journal.List(r.Context(), journal.Page{Limit: 1})
	if err == nil && len(rows) > 0 {
		m.newest, m.revision, m.at = rows[0].ID, rows[0].Revision, rows[0].At
	}
	return m
}
