package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Ran records a run of the entry, and sets its state: Done after a success, Parked after a run that
// parked the event under the claim with this token, 0 to leave the state as it is. The token is added
// to the entry's. finished are named receivers that succeeded in the run, in addition to those that had
// before.
//
// The run counts from the number of runs that the caller has seen: where another run was recorded since
// the entry was loaded, it is [ErrChanged], and nothing is recorded. A delivery that failed meanwhile
// does not matter. Afterwards e is as it was stored.
func (j *Journal) Ran(
	ctx context.Context, e *Entry, run Run, state State, token []byte, finished ...string,
) error {
	if state != 0 && !state.valid() {
		return fmt.Errorf("journal: a run cannot end in %v", state)
	}
	if run.At.IsZero() {
		run.At = time.Now()
	}
	run.At, run.Err, run.Receivers = micro(run.At), short(run.Err, mostRunErr), shortened(run.Receivers)
	runs := e.RunCount
	// By the number of runs, not by the revision: a retry that failed meanwhile has changed the
	// revision. Were the run not recorded for that, the next one would have the same number, and be
	// treated as the same run.
	next, err := j.change(ctx, e.ID, func(stored *Entry) error {
		if stored.RunCount != runs {
			return ErrChanged
		}
		j.filterRun(stored, &run)
		stored.RunCount++
		for i := range stored.Runs {
			stored.Runs[i].Receivers = nil // only the newest run keeps them: the entry stays small
		}
		stored.Runs = append(stored.Runs, run)
		if n := len(stored.Runs); n > mostRuns {
			stored.Runs = slices.Clone(stored.Runs[n-mostRuns:])
		}
		if state != 0 {
			stored.State = state
		}
		stored.Finished = union(stored.Finished, finished)
		if token != nil {
			stored.Token = joinTokens(stored.Token, token)
		}
		return nil
	})
	if err != nil {
		return err
	}
	*e = *next
	j.prune(ctx)
	return nil
}

// filterRun lets Config.Filter remove what must not be stored from the texts of a run. Fails closed:
// where it panics, or wants nothing to be kept, the run has no texts.
func (j *Journal) filterRun(stored *Entry, run *Run) {
	if j.cfg.Filter == nil {
		return
	}
	probe := stored.Clone()
	probe.Err, probe.Receivers = run.Err, run.Receivers
	if kept, err := j.filter(probe); !kept || err != nil {
		run.Err, run.Receivers = "", nil
		return
	}
	run.Err, run.Receivers = probe.Err, probe.Receivers
}

// Dismiss closes an entry without a success. The revision is the one that the person looked at: where
// it is not the stored one, [ErrChanged]. 0 dismisses whatever is there. An entry that is done is
// [ErrAlreadyDone].
func (j *Journal) Dismiss(ctx context.Context, id ID, revision uint64) error {
	// A revision that moved means that the event failed again, or ran: the person has not seen that.
	_, err := j.change(ctx, id, func(stored *Entry) error {
		if revision != 0 && stored.Revision != revision {
			return ErrChanged
		}
		if stored.State == Done {
			return ErrAlreadyDone
		}
		stored.State = Dismissed
		return nil
	})
	if err == nil {
		j.prune(ctx)
	}
	return err
}

// CloseDone closes open entries of events that the replay store knows as done, and returns how many it
// closed. The rows are from List, listed before the replay store was asked: an entry that has changed
// since is left as it is, because its event may have failed again. Unreadable entries are left as they
// are.
func (j *Journal) CloseDone(ctx context.Context, rows []Row) (closed int, err error) {
	for _, row := range rows {
		if row.State != Open {
			continue
		}
		// Fails closed: what is uncertain stays open, and the next sweep looks again.
		_, err := j.change(ctx, row.ID, func(stored *Entry) error {
			if stored.Revision != row.Revision || stored.State != Open {
				return ErrChanged
			}
			stored.State = Done
			return nil
		})
		switch {
		case err == nil:
			closed++
		case errors.Is(err, ErrChanged), errors.Is(err, ErrNotFound):
		case errors.Is(err, ErrForged), errors.Is(err, ErrSealed):
		default:
			return closed, err
		}
	}
	j.prune(ctx)
	return closed, nil
}

// change loads an entry, changes it and stores it, again where somebody else was faster. An error of
// edit ends it.
func (j *Journal) change(ctx context.Context, id ID, edit func(*Entry) error) (*Entry, error) {
	for range rounds {
		// An entry that is forged or sealed with an unknown key is an error here: it is not sealed again
		// as if it were genuine.
		e, err := j.Load(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := edit(e); err != nil {
			return nil, err
		}
		// It moves to the front of lists, and its time of retention begins again.
		e.Changed = micro(time.Now())
		row, err := j.encode(ctx, e)
		if err != nil {
			return nil, err
		}
		err = j.store.Save(ctx, []Row{row})
		if err == nil {
			e.Revision++
			return e, nil
		}
		if !errors.Is(err, ErrChanged) {
			return nil, err
		}
	}
	return nil, ErrChanged
}
