package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// gatherer sends the commands of calls that run at the same time in common pipelines, when there are more of them than
// maxSending. A pipeline is one write and one read for all of its commands, on both sides: with 128 callers a claim and
// a commit take less than half the time. Fewer callers send their own commands, as they would without it.
//
// Nobody waits for more commands to come: what has gathered is sent as soon as a round trip is over.
type gatherer struct {
	client  *redis.Client
	timeout time.Duration // of a pipeline

	mu      sync.Mutex
	sending int       // round trips that are under way, at most maxSending
	waiting []*parcel // they wait for one of them to end
}

const (
	maxSending = 8
	// maxGathered bounds the commands of a pipeline, so that one call is not delayed by too many others.
	maxGathered = 256
)

// parcel is the commands of one call. After done is closed they belong to the caller again.
type parcel struct {
	ctx  context.Context
	cmds []*redis.Cmd
	err  error
	done chan struct{}
}

// abandonedError reports that a call has ended before its commands. They may still be sent, and must not be read. A
// panic of the client ends a call so, too.
type abandonedError struct{ error }

func (e abandonedError) Unwrap() error { return e.error }

func abandoned(err error) bool {
	_, ok := err.(abandonedError)
	return ok
}

// send sends commands and waits until they are answered or ctx ends. It returns the error of the first that failed.
func (g *gatherer) send(ctx context.Context, cmds []*redis.Cmd) error {
	g.mu.Lock()
	if g.sending < maxSending {
		g.sending++
		g.mu.Unlock()
		defer g.next()
		return process(ctx, g.client, cmds)
	}
	p := &parcel{ctx: ctx, cmds: cmds, done: make(chan struct{})}
	g.waiting = append(g.waiting, p)
	g.mu.Unlock()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return abandonedError{ctx.Err()}
	}
}

// next ends a round trip. If calls wait, another one begins, in a goroutine that no call waits for.
func (g *gatherer) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.sending--
		return
	}
	go g.sendWaiting()
}

// sendWaiting sends what waits until nothing does.
func (g *gatherer) sendWaiting() {
	ended := false
	defer func() {
		if !ended { // the client has ended the goroutine: what waits gets another one
			go g.sendWaiting()
		}
	}()
	var cmds []*redis.Cmd
	for {
		parcels := g.take()
		if len(parcels) == 0 {
			ended = true
			return
		}
		cmds = g.sendAll(parcels, cmds[:0])
	}
}

// sendAll sends the commands of calls in one round trip. The slice is for them, and is returned for the next.
func (g *gatherer) sendAll(parcels []*parcel, cmds []*redis.Cmd) []*redis.Cmd {
	err := errEnded
	defer func() {
		for _, p := range parcels {
			if abandoned(err) && p.err == nil { // nothing is known of any command
				p.err = err
			}
			for i := 0; i < len(p.cmds) && p.err == nil; i++ { // each command has its own error
				p.err = p.cmds[i].Err()
			}
			close(p.done)
		}
	}()
	for _, p := range parcels {
		// The call may have ended. Then nothing of it is sent.
		if p.err = p.ctx.Err(); p.err == nil {
			cmds = append(cmds, p.cmds...)
		}
	}
	if len(cmds) == 0 {
		err = nil
		return cmds
	}
	// The calls have timeouts of their own. One that ends must not end the others.
	ctx, cancel := context.WithTimeout(context.Background(), g.timeout)
	defer cancel()
	err = process(ctx, g.client, cmds)
	return cmds
}

// take returns the calls that have waited longest. It ends the round trip if there are none.
func (g *gatherer) take() []*parcel {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, cmds := 0, 0
	for n < len(g.waiting) && (n == 0 || cmds+len(g.waiting[n].cmds) <= maxGathered) {
		cmds += len(g.waiting[n].cmds)
		n++
	}
	if n == 0 {
		g.sending--
		return nil
	}
	parcels := g.waiting[:n:n]
	if g.waiting = g.waiting[n:]; len(g.waiting) == 0 {
		g.waiting = nil
	}
	return parcels
}

// process sends commands in one round trip. It returns the error of the first that failed. A panic is an error, because
// the client may have hooks of the app's own: other calls wait for the round trip, some in a goroutine of the store.
func process(ctx context.Context, client redis.UniversalClient, cmds []*redis.Cmd) (err error) {
	defer panicked(&err)
	if len(cmds) == 1 {
		return client.Process(ctx, cmds[0])
	}
	_, err = client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, cmd := range cmds {
			_ = p.Process(ctx, cmd) // only queues it
		}
		return nil
	})
	return err
}
