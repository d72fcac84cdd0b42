package journal_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

func TestOnParkedIsCalledForWhatIsParked(t *testing.T) {
	var called []string
	j, _ := inMemory(t, journal.Config{OnParked: func(_ context.Context, e *journal.Entry) {
		called = append(called, e.EventID+" "+string(e.Body))
	}})
	buffer := []byte("the event")
	parked, open := entry("parked", journal.Parked), entry("open", journal.Open)
	notKept := entry("not kept", journal.Parked)
	parked.Body = buffer
	keep(t, j, parked, open)
	require.NoError(t, j.Wait(t.Context()))
	require.Empty(t, called, "nothing is reported before it is committed")
	j.Parked(t.Context(), parked, open, notKept)
	clear(buffer) // the delivery's buffer is used again
	require.NoError(t, j.Wait(t.Context()))
	require.Equal(t, []string{"parked the event"}, called)
}

// A pager that hangs or panics keeps nobody: the delivery goes on, and the process too.
func TestAHookHurtsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logged(t)
		called := 0
		j, _ := inMemory(t, journal.Config{OnParked: func(ctx context.Context, _ *journal.Entry) {
			called++
			if called == 1 {
				<-ctx.Done() // nobody answers
			}
			panic("a bug in the hook")
		}})
		began := time.Now()
		for i := range 1100 {
			e := entry(fmt.Sprint(i), journal.Parked)
			keep(t, j, e)
			j.Parked(t.Context(), e)
			if i == 0 {
				synctest.Wait()
			}
		}
		require.Equal(t, began, time.Now(), "no delivery has waited")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, j.Wait(ctx), context.DeadlineExceeded)
		require.NoError(t, j.Wait(t.Context()))
		require.Equal(t, 1001, called)
		require.Equal(t, 30*time.Second, time.Since(began))
		require.Contains(t, log.String(), "OnParked panicked")
		require.Contains(t, log.String(), "OnParked is too slow")
		require.Contains(t, log.String(), "entries=99")
	})
}

// What waits for a hook that hangs is bounded by its size, too.
func TestLargeBodiesThatWaitForTheHookAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logged(t)
		called := 0
		j, _ := inMemory(t, journal.Config{OnParked: func(ctx context.Context, _ *journal.Entry) {
			called++
			if called == 1 {
				<-ctx.Done()
			}
		}})
		for i := range 40 {
			e := entry(fmt.Sprint(i), journal.Parked)
			e.Body = make([]byte, 1<<20)
			keep(t, j, e)
			j.Parked(t.Context(), e)
			synctest.Wait()
		}
		require.NoError(t, j.Wait(t.Context()))
		require.Equal(t, 1+16, called, "the one that hangs, and 16 MiB")
		require.Contains(t, log.String(), "entries=23")
	})
}

// A hook that ends its goroutine, as a failed assertion of a test does, is called for what comes after it, and Wait has
// an end.
func TestAHookThatEndsItsGoroutineGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logged(t)
		called := 0
		j, _ := inMemory(t, journal.Config{OnParked: func(context.Context, *journal.Entry) {
			if called++; called != 2 {
				runtime.Goexit()
			}
		}})
		for i := range 3 {
			e := entry(fmt.Sprint(i), journal.Parked)
			keep(t, j, e)
			j.Parked(t.Context(), e)
		}
		require.NoError(t, j.Wait(t.Context()))
		require.Equal(t, 3, called)
		require.Contains(t, log.String(), "OnParked ended its goroutine")
	})
}
