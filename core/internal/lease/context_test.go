package lease_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/lease"
)

type lateKey struct{}

// lateContext returns a context and its end.
func lateContext(parent context.Context, deadline time.Time) (context.Context, context.CancelCauseFunc) {
	c := &lease.Context{}
	c.Start(parent, deadline)
	return c, c.End
}

// TestALateContextBehavesAsOneOfPackageContext compares the two after every step of what can happen to them.
func TestALateContextBehavesAsOneOfPackageContext(t *testing.T) {
	t.Parallel()
	lost := errors.New("the lease is lost")
	type pair struct {
		parent       context.CancelCauseFunc
		late, usual  context.Context
		endLate, end context.CancelCauseFunc
	}
	steps := map[string]func(*pair){
		"somebody waits":              func(p *pair) { _, _ = p.late.Done(), p.usual.Done() },
		"it is over":                  func(p *pair) { p.endLate(nil); p.end(nil) },
		"it ends for a cause":         func(p *pair) { p.endLate(lost); p.end(lost) },
		"its parent ends":             func(p *pair) { p.parent(errors.New("the parent's")) },
		"its time is over":            func(*pair) { time.Sleep(time.Minute) },
		"somebody asks what it ended": func(p *pair) { _, _ = p.late.Err(), p.usual.Err() },
		"somebody asks for the cause": func(p *pair) { _, _ = context.Cause(p.late), context.Cause(p.usual) },
	}
	for _, deadline := range []time.Duration{0, 30 * time.Second, 2 * time.Hour} {
		for first, one := range steps {
			for second, two := range steps {
				for third, three := range steps {
					name := fmt.Sprintf("a deadline after %s: %s, %s, %s", deadline, first, second, third)
					synctest.Test(t, func(t *testing.T) {
						ctx, ofHour := context.WithTimeout(context.WithValue(t.Context(), lateKey{}, "a value"),
							time.Hour)
						defer ofHour()
						parent, cancel := context.WithCancelCause(ctx)
						var at time.Time
						usual := parent
						if deadline > 0 {
							at = time.Now().Add(deadline)
							var stop context.CancelFunc
							usual, stop = context.WithDeadline(usual, at)
							defer stop()
						}
						p := &pair{parent: cancel}
						p.usual, p.end = context.WithCancelCause(usual)
						p.late, p.endLate = lateContext(parent, at)
						for _, step := range []func(*pair){one, two, three} {
							step(p)
							synctest.Wait()
							// The cause first: who asks for nothing else has to be told of an end as well.
							require.Equal(t, context.Cause(p.usual), context.Cause(p.late), name)
							require.Equal(t, p.usual.Err(), p.late.Err(), name)
						}
						usualAt, ok := p.usual.Deadline()
						lateAt, lateOK := p.late.Deadline()
						require.Equal(t, ok, lateOK, name)
						require.True(t, usualAt.Equal(lateAt), name)
						require.Equal(t, "a value", p.late.Value(lateKey{}), name)
						child, stop := context.WithCancel(p.late)
						defer stop()
						synctest.Wait()
						require.Equal(t, p.usual.Err(), child.Err(), name)
						require.Equal(t, context.Cause(p.usual), context.Cause(child), name)
						p.end(nil)
						p.endLate(nil)
						require.Error(t, child.Err(), name)
					})
				}
			}
		}
	}
}

// Package context starts a goroutine for a child of a context that it does not know; it has to know ours.
func TestAChildOfALateContextNeedsNoGoroutine(t *testing.T) {
	ctx, end := lateContext(t.Context(), time.Now().Add(time.Hour))
	before := runtime.NumGoroutine()
	for range 100 {
		child, stop := context.WithCancel(ctx)
		defer stop()
		require.NoError(t, child.Err())
	}
	require.Less(t, runtime.NumGoroutine(), before+100)
	end(nil)
}

func TestALateContextIsForManyAtOnce(t *testing.T) {
	t.Parallel()
	for range 100 {
		ctx, end := lateContext(t.Context(), time.Now().Add(time.Hour))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { <-ctx.Done() })
			all.Go(func() { _, _, _ = ctx.Err(), ctx.Value(lateKey{}), context.Cause(ctx) })
			all.Go(func() { end(nil) })
			all.Go(func() { _ = fmt.Sprintf("%v %+v", ctx, ctx) })
		}
		all.Wait()
		require.ErrorIs(t, ctx.Err(), context.Canceled)
	}
}
