package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"time"
)

const receivers = 3

// conduct starts the database, the receivers and the sender, restarts receivers, and counts.
func conduct(ctx context.Context, o *options, binary string, stdout, stderr io.Writer) (*count, error) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(stdout, format+"\n", args...) }
	url, closeDatabase, err := startDatabase(o.store, o.url)
	if err != nil {
		return nil, err
	}
	defer closeDatabase()
	work, err := openWork(ctx, o.store, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = work.close() }()
	if err := work.prepare(ctx); err != nil {
		return nil, err
	}
	say("%s holds what was processed", o.store)

	c := &cluster{binary: binary, store: o.store, url: url, stderr: stderr}
	defer c.stop()
	for i := range receivers {
		if err := c.start(ctx, i); err != nil {
			return nil, err
		}
	}
	front := httptest.NewServer(c)
	defer front.Close()
	say("%d receivers are up, behind %s", receivers, front.URL)

	s := &sender{url: front.URL + path, least: o.events, until: make(chan struct{})}
	done := make(chan error, 1)
	go func() { done <- s.send(ctx) }()
	err = c.disturb(ctx, o, s, say)
	close(s.until)
	if err = errors.Join(err, <-done); err != nil {
		return nil, err
	}
	return s.count(ctx, work)
}

// disturb restarts receivers while the sender sends.
func (c *cluster) disturb(ctx context.Context, o *options, s *sender, say func(string, ...any)) error {
	how := "stopped and started again"
	if o.kill {
		how = "killed and started again"
	}
	for n := range o.restarts {
		select {
		case <-ctx.Done():
			return nil // the sender says so
		case <-time.After(o.every/2 + rand.N(o.every)):
		}
		i := rand.IntN(receivers)
		if err := c.restart(ctx, i, o.kill); err != nil {
			return err
		}
		say("restart %d of %d: receiver %d (%s) was %s; %d of %d events are acknowledged", n+1, o.restarts, i+1,
			routers[i], how, s.acknowledged.Load(), s.sent.Load())
	}
	return nil
}

// count looks how often each event was run.
func (s *sender) count(ctx context.Context, work *work) (*count, error) {
	runs, err := work.runs(ctx)
	if err != nil {
		return nil, err
	}
	c := &count{Sent: int(s.sent.Load()), Retried: int(s.retried.Load())}
	for n := range c.Sent {
		switch runs[eventID(n)] {
		case 0:
			c.Lost++
		case 1:
			c.RunOnce++
		default:
			c.RunTwice++
		}
	}
	return c, nil
}
