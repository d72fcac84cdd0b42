package killtests_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

const (
	fewRounds = 36
	allRounds = 200 // from here on every point is tried, with the bug and without
)

func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SALLYPORT_CRASH_ROUNDS")
	if text == "" {
		return fewRounds
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "SALLYPORT_CRASH_ROUNDS")
	return n
}

// TestAnAppThatIsKilledLosesAndRepeatsNothing: before each write of an app to its databases, and before each of its
// answers, the process ends by SIGKILL. Whatever was proved is then done, left to the provider's retry, or an entry
// that an operator sees and runs again. In the end all is done, and what belongs to a transaction is done once. The app
// is started again with its bug or without.
func TestAnAppThatIsKilledLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	for n, d := range engines {
		for shift, where := range []string{"the journal in the transaction", "the journal elsewhere"} {
			t.Run(d.name+", "+where, func(t *testing.T) {
				t.Parallel()
				r := &round{world: newWorld(t, d, fmt.Sprintf("kill_%d_%d", n, shift), shift == 0)}
				killEverywhere(t, r, 2*n+shift)
			})
		}
	}
}

// killEverywhere kills the app at the points that this database tries.
func killEverywhere(t *testing.T, r *round, shift int) {
	t.Helper()
	least := rounds(t)
	r.run(t, 0, false) // until the end, which says how many points there are
	last := r.points
	for i, at := range points(last, least, shift) {
		for _, fixes := range modes(i, least) {
			r.run(t, at, fixes)
		}
	}
	for at := 1; r.number < least; at = at%last + 1 {
		r.run(t, at, r.number%2 == 0)
	}
	t.Logf("%d kills at %d points and %d after the last answer, %d events: "+
		"each is done, and none twice in a transaction", r.kills, last, r.number-r.killed, r.events)
	require.Greater(t, r.killed, r.number*9/10-2)
}

// points returns those of 1 to last that are tried: all, or some that are spread over them. shift makes those of one
// database others than those of the next, so that together they try most.
func points(last, least, shift int) []int {
	step := max(1, last/least)
	if least >= allRounds {
		step = 1
	}
	var out []int
	for at := 1 + shift*step/6; at <= last; at += step {
		out = append(out, at)
	}
	return out
}

// modes returns whether who starts the app again deploys the fix: in turn, or both.
func modes(i, least int) []bool {
	if least >= allRounds {
		return []bool{false, true}
	}
	return []bool{i%2 == 0}
}

// round is one life and death of the app.
type round struct {
	*world
	number int // of the round, from 1
	killed int // rounds in which the app died at their point
	kills  int // at any point: some rounds have two
	events int // of all rounds
	points int // of the first round

	deliveries []*delivery
	fixes      bool // whoever starts the app again deploys the fix
	second     int  // the point of the app that was started again, before which it is killed too; 0: none
}

// run kills the app before a point, and checks what has become of all that it was sent. An app that does not reach the
// point is killed after its last answer; 0 is none.
func (r *round) run(t *testing.T, at int, fixes bool) {
	t.Helper()
	r.number++
	r.deliveries, r.fixes, r.fixed = deliveries(r.number), fixes, false
	r.second = 0
	if r.number%3 == 0 {
		r.second = 1 + 7*r.number%40 // soon, while it does what the first one did not end
	}
	r.app.arm(t, at)
	running := r.app
	for _, d := range r.deliveries {
		r.survive(t, func() error { _, err := r.send(t, d); return err })
		r.events += len(d.events)
	}
	r.nothingIsLost(t)
	// The operator tries before the fix, and after it; what the provider has still to send may come in between.
	r.redriveAll(t, "")
	r.nothingIsLost(t)
	r.fixed = true
	r.redriveAll(t, "_tx_error")
	r.retryAll(t)
	r.redriveAll(t, "")
	r.survive(t, func() error { _, err := r.operate(t, "/sweep"); return err })
	if running != r.app {
		r.killed++
	} else {
		if at == 0 {
			r.points = r.app.points(t)
		}
		r.app.kill()
		r.restart(t)
	}
	r.app.arm(t, 0)
	r.allIsDone(t)
	r.clear(t)
}

// survive calls f until the app lives long enough for an answer.
func (r *round) survive(t *testing.T, f func() error) {
	t.Helper()
	for {
		err := f()
		if err == nil {
			return
		}
		require.ErrorIs(t, err, errKilled)
		r.restart(t)
		r.kills++
		r.app.arm(t, r.second)
		r.second = 0
		r.fixed = r.fixed || r.fixes
		r.nothingIsLost(t)
	}
}

// redriveAll runs what is open or parked, but for events of which the name says that they wait for the provider.
func (r *round) redriveAll(t *testing.T, waits string) {
	t.Helper()
	left, _ := r.entries(t)
	for _, event := range slices.Sorted(maps.Keys(left)) { // in one order, so that a point is the same in every round
		if waits != "" && strings.HasSuffix(event, waits) {
			continue
		}
		id := left[event].ID
		r.survive(t, func() error {
			fixed := r.fixed
			said, err := r.operate(t, "/redrive?id="+url.QueryEscape(string(id)))
			if err == nil && fixed {
				require.Contains(t, []string{succeeded, alreadyDone, changed}, said, "%s", id)
			}
			return err
		})
	}
}

// retryAll sends again what was not answered 2xx.
func (r *round) retryAll(t *testing.T) {
	t.Helper()
	for _, d := range r.deliveries {
		if !d.answered {
			r.survive(t, func() error { _, err := r.send(t, d); return err })
			require.True(t, d.answered, d.body)
		}
	}
}

// nothingIsLost checks that each event that was answered 2xx is done, or kept where it can be run. The others are the
// provider's to send again.
func (r *round) nothingIsLost(t *testing.T) {
	t.Helper()
	left, _ := r.entries(t)
	parts := r.parts(t)
	for _, d := range r.deliveries {
		for i := range d.events {
			e := &d.events[i]
			kept := left[e.id]
			if kept != nil {
				require.True(t, kept.Runnable, "%s: %s", e.id, kept.WhyNot)
			}
			require.True(t, !d.answered || e.done(parts) || kept != nil, "%s was answered 2xx, and is lost", e.id)
		}
	}
}

// allIsDone checks that every event is done, and what belongs to a transaction once. Another delivery of it changes
// nothing, and no entry is left.
func (r *round) allIsDone(t *testing.T) {
	t.Helper()
	r.fixed = true
	for _, d := range r.deliveries {
		status, err := r.send(t, d)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status, d.body)
	}
	left, closed := r.entries(t)
	require.Empty(t, left)
	parts := r.parts(t)
	for _, d := range r.deliveries {
		for i := range d.events {
			e := &d.events[i]
			for _, part := range e.parts {
				times := parts[e.id][part]
				require.Positive(t, times, "%s: %s", e.id, part)
				require.False(t, e.inTx && times != 1, "%s: %s was done %d times", e.id, part, times)
			}
			r.gaveUp(t, e, closed[e.id], parts[e.id]["gave up"])
		}
	}
}

// gaveUp checks what a receiver has written before it gave an event up: where the journal is in the transaction, that
// and the entry are one step.
func (r *round) gaveUp(t *testing.T, e *event, kept *journal.Entry, times int) {
	t.Helper()
	noted := 0
	if kept != nil && e.name == "tx.permanent" {
		noted = kept.Attempts
		for _, run := range kept.Runs {
			if run.Err != "" {
				noted++
			}
		}
	}
	require.LessOrEqual(t, times, noted, e.id)
	if r.place.Journal == "" {
		require.Equal(t, noted, times, "%s: an entry without its work", e.id)
	}
}
