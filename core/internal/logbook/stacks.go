package logbook

import (
	"bytes"
	"log/slog"
	"sync"
	"time"
)

// MaxCauses is how many causes of panics are distinguished in a minute.
const MaxCauses = 100

// Stacks lets each cause of panics have its stack in the log once a minute. A cause is where the panic began: the code
// line, whatever the arguments and the goroutine are. The zero value is ready.
type Stacks struct {
	mu   sync.Mutex           // guards seen: receivers of many deliveries panic at once
	seen map[string]time.Time // when each cause had its stack; nil: none had; at most MaxCauses
}

// Attrs returns the place of the panic and, once a minute, the stack. It reports whether the stack is among them.
func (s *Stacks) Attrs(stack []byte, now time.Time) (attrs []slog.Attr, whole bool) {
	at := Cause(stack)
	// The place is always there: a flood of one panic can be counted without its stack.
	attrs = []slog.Attr{slog.String("at", at)}
	s.mu.Lock()
	defer s.mu.Unlock()
	// A delivery that makes the app panic can be sent again and again. Its stack must not fill the disk.
	if last, ok := s.seen[at]; ok && now.Sub(last) < every {
		return attrs, false
	}
	if len(s.seen) >= MaxCauses {
		// Only what is older than a minute makes room, so that a new cause never brings a recent stack back.
		for cause, last := range s.seen {
			if now.Sub(last) >= every {
				delete(s.seen, cause)
			}
		}
	}
	if len(s.seen) >= MaxCauses {
		return attrs, false
	}
	if s.seen == nil {
		s.seen = map[string]time.Time{}
	}
	s.seen[at] = now
	return append(attrs, slog.String("stack", string(stack))), true
}

// Cause returns the first line of code below the panic that is not the runtime's: "/app/orders.go:12".
func Cause(stack []byte) string {
	_, below, found := bytes.Cut(stack, []byte("\npanic("))
	// No panic in the stack: runtime.Goexit, or a stack from elsewhere. Its first place is better than none.
	if !found {
		below = stack
	}
	at, runtime := "", true
	for line := range bytes.Lines(below) {
		if line[0] != '\t' {
			runtime = !found || bytes.HasPrefix(line, []byte("runtime.")) || bytes.HasPrefix(line, []byte("({"))
			continue
		}
		place, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" +0x"))
		at = string(place)
		if !runtime && !bytes.Contains(line, []byte("/runtime/panic.go")) {
			break
		}
	}
	return at
}
