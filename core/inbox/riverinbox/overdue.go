package riverinbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// errUnproved is why an event that failed is not parked.
//
//lint:immutable an error value
var errUnproved = errors.New("the event was let through without a proof (Config.DangerouslyReportOnly), " +
	"and only what is proved is kept in the journal")

// overdue parks an event whose last attempt ended without a word: its process was killed, or the journal was down. It
// is not run again, because it may be what kills the process.
func (w *worker) overdue(ctx context.Context, job *river.Job[args], e *core.Event, finished []string) error {
	// River has noted what it knows: that it rescued the job, or the error of the parking.
	last := "nothing is known of it"
	if n := len(job.Errors); n > 0 {
		last = job.Errors[n-1].Error
	}
	return w.park(ctx, job, e, &core.RunResult{
		Handled: true, Reason: reason.SignalFailed, Finished: finished,
		Err: fmt.Errorf("the last of %d attempts did not end by itself: %s", w.maxAttempts, last),
	})
}

// unreadable is for a job whose event cannot be decoded. What a newer version of the app has enqueued waits for this
// worker's update, and is parked at the last attempt. Anything else is parked at once, as it is: nothing was done.
func (w *worker) unreadable(ctx context.Context, job *river.Job[args], cause error) error {
	if errors.Is(cause, core.ErrEventVersion) && job.Attempt < w.maxAttempts {
		return failed(cause, nil)
	}
	// Without an identity each has an entry of its own. It cannot run, but nothing of it is lost.
	return w.keep(ctx, job, &journal.Entry{
		State: journal.Parked, Kind: journal.FromInbox, Endpoint: "unknown", Reason: reason.Undecodable,
		Err: cause.Error(), WhyNot: cause.Error(), Body: job.Args.Event, Attempts: job.Attempt, Last: time.Now(),
	})
}

// joined joins errors of which either may be nil. In one line: an entry's text is a line in a list.
func joined(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}
