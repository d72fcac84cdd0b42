package provider_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/onecapture"
)

// fullOneCapture reports whether every change is tried, and not some of each group: "make onecapture".
func fullOneCapture() bool { return os.Getenv("SALLYPORT_ONECAPTURE") == "full" }

// TestWhoeverCapturedOneDeliveryCanMakeNoOther is the one-capture law over every sender of the catalogue and over
// senders of one's own: no change that keeps the proof valid makes a second identity, or changes a detail that is
// called authenticated. What a sender leaves open is in its entry's data or in onecapture.Exceptions, with the reason.
func TestWhoeverCapturedOneDeliveryCanMakeNoOther(t *testing.T) {
	t.Parallel()
	recorded := allVectors(t)
	rows := newExceptionRows(t)
	for _, s := range slices.Concat(everySender(t), ownSenders(t)) {
		if s.entry.Scheme == nil {
			continue // the delivery holds the secret itself
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			all := capturedFrom(t, &s, recorded)
			require.NotEmpty(t, all, "no delivery of it is accepted")
			for n := range all {
				c := &all[n]
				changes := onecapture.Changes(c.source)
				if fullOneCapture() {
					changes = append(changes, onecapture.Pairs(c.source, 1000, seedOf(s.name, c.name))...)
				} else {
					changes = onecapture.Some(changes, someOf(n), seedOf(s.name, c.name))
				}
				law := newCaptureLaw(t, &s, c, rows)
				for i := range changes {
					law.check(&changes[i])
				}
				require.Equal(
					t,
					law.genuine.Events,
					onecapture.Receive(c.guard, c.source.Capture).Events,
					"the genuine one, at the end",
				)
			}
		})
	}
}

// someOf is how many changes of each group are tried in the nth delivery of a sender.
func someOf(n int) int {
	switch {
	case raced:
		return max(4-2*n, 1)
	case n == 0:
		return 16
	default:
		return 4
	}
}

func seedOf(texts ...string) uint64 {
	h := fnv.New64a()
	for _, text := range texts {
		_, _ = h.Write([]byte(text))
	}
	return h.Sum64()
}

// captureLaw is the law over one genuine delivery.
type captureLaw struct {
	t       *testing.T
	sender  *sender
	c       *captured
	genuine onecapture.Outcome
	left    []onecapture.Left
	rows    *exceptionRows
	receive func(c *onecapture.Capture) onecapture.Outcome
	// unproved answers what the same guard makes of it under another key.
	unproved func(c *onecapture.Capture) onecapture.Outcome
}

func newCaptureLaw(t *testing.T, s *sender, c *captured, rows *exceptionRows) *captureLaw {
	t.Helper()
	other := s.guardOf(t, 2, "", time.Unix(ownTime, 0))
	l := &captureLaw{
		t: t, sender: s, c: c,
		rows:     rows,
		receive:  func(changed *onecapture.Capture) onecapture.Outcome { return onecapture.Receive(c.guard, changed) },
		unproved: func(changed *onecapture.Capture) onecapture.Outcome { return onecapture.Receive(other, changed) },
	}
	l.genuine = l.receive(c.source.Capture)
	l.left = onecapture.Unsigned(onecapture.LeftBy(s.entry), c.source, l.receive)
	require.NotEmpty(t, l.genuine.Events, c.name)
	return l
}

// check tries one change.
func (l *captureLaw) check(change *onecapture.Change) {
	l.t.Helper()
	changed := change.Capture()
	if changed == nil {
		return
	}
	for _, f := range l.find(changed) {
		if l.explains(f, change, changed) {
			continue
		}
		l.t.Errorf(
			"%s, delivery %q: %s (%s): accepted: %s\n%s",
			l.sender.name,
			l.c.name,
			change.Name,
			change.Group,
			f,
			show(changed),
		)
	}
}

func (l *captureLaw) find(changed *onecapture.Capture) []onecapture.Finding {
	found := onecapture.Compare(l.sender.entry, l.genuine, l.receive(changed))
	return slices.DeleteFunc(found, func(f onecapture.Finding) bool {
		// What is answered without a proof is answered to everybody.
		return f.Kind == onecapture.Handshake && l.unproved(changed).Handshake
	})
}

func (l *captureLaw) explains(f onecapture.Finding, change *onecapture.Change, changed *onecapture.Capture) bool {
	if onecapture.Explains(l.left, f, l.c.source, changed, l.find) {
		return true
	}
	return l.rows.cover(l.sender.name, f.Kind, change.Group)
}

// exceptionRows are the rows of the tables, and which of them were needed.
type exceptionRows struct {
	all []onecapture.Exception

	mu   sync.Mutex
	used map[int]bool
}

// newExceptionRows fails the test at its end where every change was tried and a row was needed by none.
func newExceptionRows(t *testing.T) *exceptionRows {
	t.Helper()
	rows := &exceptionRows{all: slices.Concat(onecapture.Exceptions(), onecapture.Pending()), used: map[int]bool{}}
	t.Cleanup(func() {
		for i, row := range rows.all {
			if fullOneCapture() && !rows.used[i] {
				t.Errorf("no change needs this row any more; remove it: %s, %v: %s", row.Entry, row.Kinds, row.Reason)
			}
		}
	})
	return rows
}

func (rows *exceptionRows) cover(name string, kind onecapture.Kind, group string) bool {
	rows.mu.Lock()
	defer rows.mu.Unlock()
	i := slices.IndexFunc(rows.all, func(x onecapture.Exception) bool { return x.Covers(name, kind, group) })
	if i >= 0 {
		rows.used[i] = true
	}
	return i >= 0
}

// show prints a request, so that it can be sent again.
func show(c *onecapture.Capture) string {
	body := c.Body[:min(len(c.Body), 400)]
	return fmt.Sprintf("%s %q host %q\n%q\n%q", c.Method, c.Target, c.Host, c.Header, body)
}
