package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/routers"
	"github.com/sallyport-go/sallyport/internal/wire"
)

// message is one HTTP request, which can be sent any number of times.
type message struct {
	method string
	path   string
	header http.Header
	body   []byte
	via    via
	err    error // the message could not be made
}

// via is how a message travels.
type via uint8

const (
	overTLS     via = iota
	plainHTTP       // and nothing said about it
	behindProxy     // plain HTTP, with "X-Forwarded-Proto: https"
)

// outcome is what came of one delivery: what the sender saw, and what the guard and the app did.
type outcome struct {
	status  int
	reason  reason.Reason
	signals int    // how often the app's code ran
	label   string // of the secret and the credentials that matched
}

func (o outcome) String() string {
	ran := "no signal"
	if o.signals > 0 {
		ran = fmt.Sprintf("signal ran %d×", o.signals)
	}
	s := fmt.Sprintf("%d %s, %s", o.status, o.reason, ran)
	if o.label != "" {
		s += ", secret " + o.label
	}
	return s
}

// sendAll sends every case to every router, the routers side by side.
func sendAll(ctx context.Context, k *keys, makeCases func(*server) []group) ([]*played, error) {
	all := routers.All()
	results := make([]*played, len(all))
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, rt := range all {
		wait.Go(func() { results[i], errs[i] = playAll(ctx, rt, k, makeCases) })
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", all[i].Title, err)
		}
	}
	return results, nil
}

// played is what one router made of everything.
type played struct {
	router   string
	groups   []playedGroup
	sent     int
	refusals map[int][]string // the distinct answers to failed authentications, as seen from outside, by status
}

type playedGroup struct {
	title string
	rows  []playedRow
}

type playedRow struct {
	sent      string
	want, got outcome
}

func playAll(ctx context.Context, rt routers.Router, k *keys, makeCases func(*server) []group) (p *played, err error) {
	kept, err := journal.InMemory(journal.Config{Keys: secrets.Static(secrets.Generate())})
	if err != nil {
		return nil, err
	}
	s, err := startServer(rt, k, k.endpoints(kept))
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.stop() }()
	p = &played{router: rt.Title, refusals: map[int][]string{}}
	for _, g := range makeCases(s) {
		pg := playedGroup{title: g.title}
		for _, d := range g.deliveries {
			rows, err := s.play(ctx, &d, p)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", g.title, d.sent, err)
			}
			pg.rows = append(pg.rows, rows...)
		}
		p.groups = append(p.groups, pg)
	}
	return p, nil
}

// play sends one case and says what came of it: one row, and one more for what was sent next to it.
func (s *server) play(ctx context.Context, d *delivery, p *played) ([]playedRow, error) {
	e := s.endpoints[d.message.path]
	if e == nil || d.message.err != nil {
		return nil, fmt.Errorf("the delivery could not be made: %w", d.message.err)
	}
	if d.redrive != "" {
		return s.redrive(ctx, d, e, p)
	}
	times := 1 + d.beside
	answered := make(chan answer, times)
	act := d.act
	rest := make(chan struct{})
	release := sync.OnceFunc(func() { close(rest) })
	if d.beside > 0 {
		// The signal is held until all the others are answered, so that they meet it at work. A second one must not
		// be; if it comes nevertheless nothing is held, and the table shows it.
		var running atomic.Int32
		act = func(ev core.Event) error {
			if running.Add(1) > 1 {
				release()
			}
			select {
			case <-rest:
				return nil
			case <-ev.Context().Done():
				return ev.Context().Err()
			}
		}
	}
	e.begin(act)
	for range times {
		go func() { answered <- s.send(ctx, &d.message) }()
	}
	var answers []answer
	for i := range times {
		if i == d.beside {
			release()
		}
		answers = append(answers, <-answered)
	}
	p.sent += times
	records, signals, err := e.end(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		if a.err != nil {
			return nil, a.err
		}
	}
	if len(records) != times {
		return nil, fmt.Errorf("%d answers, but the observer got %d", times, len(records))
	}
	slices.SortFunc(answers, func(a, b answer) int { return cmp.Compare(a.status, b.status) })
	slices.SortFunc(records, func(a, b core.Record) int { return cmp.Compare(a.Status, b.Status) })
	p.noteRefusals(answers, records)
	rows := []playedRow{{d.sent, d.want, outcomeOf(answers[0], &records[0], signals)}}
	for i := range d.beside {
		o := outcomeOf(answers[1+i], &records[1+i], 0)
		if last := len(rows) - 1; last > 0 && rows[last].got == o {
			continue
		}
		rows = append(rows, playedRow{d.besideSent, d.besideWant, o})
	}
	return rows, nil
}

// redrive runs the entry of an event again, as an operator does after the fix.
func (s *server) redrive(ctx context.Context, d *delivery, e *endpoint, p *played) ([]playedRow, error) {
	redriver := &core.Redriver{App: s.app, Guards: []*core.Guard{e.guard}}
	for entry, err := range s.journal.Entries(ctx, journal.Query{Endpoint: d.message.path}) {
		if err != nil {
			return nil, err
		}
		if entry.EventID != d.redrive {
			continue
		}
		e.begin(d.act)
		result, runErr := redriver.Redrive(ctx, entry.ID, core.RedriveOptions{})
		records, signals, err := e.end(ctx)
		if err != nil {
			return nil, err
		}
		if len(records) == 0 { // nothing ran: the error says why
			records = []core.Record{{Reason: result.Reason, Secret: entry.Secret, Err: runErr}}
		}
		p.sent++
		return []playedRow{{d.sent, d.want, outcomeOf(answer{status: result.Status}, &records[0], signals)}}, nil
	}
	return nil, fmt.Errorf("the journal has no entry of %s", d.redrive)
}

func outcomeOf(a answer, r *core.Record, signals int) outcome {
	labels := r.Credentials
	if r.Secret != "" {
		labels = append([]string{r.Secret}, labels...)
	}
	return outcome{status: a.status, reason: r.Reason, signals: signals, label: strings.Join(labels, "+")}
}

// noteRefusals keeps what an outsider sees of failed authentications. There should be one answer for each status: most
// endpoints answer 400, and those whose providers would stop sending on that, 503.
func (p *played) noteRefusals(answers []answer, records []core.Record) {
	if len(records) != 1 || records[0].Reason.Class() != reason.ClassAuthentication {
		return
	}
	if a := answers[0]; !slices.Contains(p.refusals[a.status], a.seen) {
		p.refusals[a.status] = append(p.refusals[a.status], a.seen)
	}
}

// answer is what the sender got back.
type answer struct {
	status int
	seen   string // all of it but the date, in one text
	err    error
}

func (s *server) send(ctx context.Context, m *message) answer {
	base := s.secure
	if m.via != overTLS {
		base = s.plain
	}
	r, err := http.NewRequestWithContext(ctx, m.method, base+m.path, bytes.NewReader(m.body))
	if err != nil {
		return answer{err: err}
	}
	r.Header = m.header.Clone()
	if m.via == behindProxy {
		r.Header.Set("X-Forwarded-Proto", "https")
	}
	got, err := wire.Send(ctx, s.client, r)
	if err != nil {
		return answer{err: err}
	}
	var seen strings.Builder
	_, _ = fmt.Fprintln(&seen, got.Status)
	got.Header.Del("Date")
	_ = got.Header.Write(&seen)
	_, _ = seen.WriteString(got.Body)
	return answer{status: got.Status, seen: seen.String()}
}
