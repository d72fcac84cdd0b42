//go:build instructions && linux && amd64 && !race

package core_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// The instructions of a path do not depend on what else a machine does, so that they can be held where time cannot be:
// "make instructions" counts them with valgrind, as a multiple of what the bare hash of the body takes. Valgrind shows
// programs a processor without instructions for SHA-256, where the hash takes many more than on a processor that has
// them: the multiples are smaller than those of time in docs/performance.md, and what is added to the hash is the same.

// countEnv tells a test binary under valgrind which path to run, and how often.
const countEnv = "SALLYPORT_COUNT"

// counted is a path, and what it may take: 2 to 6 % above what it took when that was last looked at. Two runs differ by
// less than 1 %, but for refusals, of which a sample is explained.
type counted struct {
	name string
	most float64 // of the hash of its body
	make func(t *testing.T) func()
}

// turns is how often a path runs. The start of a process takes a million instructions more or less from one time to the
// next, so what is cheap needs more turns.
func (p *counted) turns() int {
	if p.most < 1 {
		return 20_200
	}
	return 3_200
}

func countedPaths() []counted {
	const size = 1 << 10
	body := strings.Repeat("x", size)
	named := strings.Replace(namedInBody, `"x"`, `"x`+strings.Repeat("x", size-len(namedInBody))+`"`, 1)
	described := `{"action":"opened","sender":1,"object":{"n":1` +
		strings.Repeat(`,"field":"a value of some length"`, (size-80)/33) + `},"organization":{}}`
	verify := func(request func(string) *http.Request, timed bool) func(*testing.T) func() {
		return func(t *testing.T) func() {
			e := plain()
			if timed {
				e = timestamped()
			}
			c, _ := config(e)
			g := mustNew(t, c)
			r, raw := request(body), []byte(body)
			return func() {
				if !g.VerifySignature(r, raw, testTime) {
					t.Fatal("refused")
				}
			}
		}
	}
	refuse := func(request func() *http.Request) func(*testing.T) func() {
		return func(t *testing.T) func() {
			c, _ := config(plain())
			c.Observers = noObserver()
			c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
			// Explanations are bounded by the clock, and so would be what this counts.
			c.Budget = core.NewBudget()
			g := mustNew(t, c)
			g.ExhaustDiagnosis()
			h := httpwebhook.Verify(g)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
			d := newDelivery(plain(), body, false)
			r := request()
			return flushing(t, g, func() {
				if h.ServeHTTP(d, r); d.status != http.StatusBadRequest {
					t.Fatal(d.status)
				}
			})
		}
	}
	receive := func(request func() *http.Request, accepted bool) func(*testing.T) func() {
		return func(t *testing.T) func() {
			c, _ := config(plain())
			c.Replay, c.Observers = core.DangerouslyNoReplay, noObserver()
			c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
			c.Budget = core.NewBudget()
			g := mustNew(t, c)
			g.ExhaustDiagnosis()
			r := request()
			text := []byte(body)
			reader := bytes.NewReader(text)
			source := &rewound{reader}
			return flushing(t, g, func() {
				reader.Reset(text)
				r.Body = source
				d, reply := g.Receive(nil, r, adapter.Inbound{})
				if (reply == nil) != accepted {
					t.Fatal("another verdict")
				}
				if d != nil {
					d.Finish(adapter.Outcome{})
				}
			})
		}
	}
	// A handler that reads the body and never asks which event it is.
	handle := func(e entry.Entry, observer core.Observer, store replay.Store) func(t *testing.T) func() {
		return func(t *testing.T) func() {
			c, _ := config(e)
			c.Replay, c.Observers = store, []core.Observer{observer}
			g := mustNew(t, c)
			text := []byte(named)
			d := &delivery{request: signedFor(e.Name, named), header: http.Header{}}
			reader := bytes.NewReader(text)
			source := &rewound{reader}
			h := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if n, err := io.Copy(io.Discard, r.Body); n != size || err != nil {
					t.Error(n, err)
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			run := func() {
				reader.Reset(text)
				d.request.Body = source
				h.ServeHTTP(d, d.request)
			}
			run()
			want := http.StatusNoContent
			if store != core.DangerouslyNoReplay {
				want = http.StatusOK // of a duplicate
			}
			return flushing(t, g, func() {
				if run(); d.status != want {
					t.Fatal(d.status)
				}
			})
		}
	}
	complete := func(e entry.Entry, request func(string) *http.Request, body string) func(t *testing.T) func() {
		return func(t *testing.T) func() {
			c, _ := config(e)
			c.Observers = noObserver()
			g := mustNew(t, c)
			ran := core.Identity{}
			h := httpwebhook.Verify(g)(signal(func(_ context.Context, e core.Event) error {
				ran = e.Identity
				return nil
			}))
			d := &delivery{request(body), http.Header{}, 0}
			text := []byte(body)
			reader := bytes.NewReader(text)
			source := &rewound{reader}
			return flushing(t, g, func() {
				reader.Reset(text)
				d.request.Body = source
				if h.ServeHTTP(d, d.request); d.status != http.StatusOK {
					t.Fatal(d.status)
				}
				if err := c.Replay.Forget(t.Context(), []replay.Key{replay.Key(ran)}); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
	basic := func(pairs int) func(t *testing.T) func() {
		return func(t *testing.T) func() {
			all := make([]string, pairs)
			for i := range all {
				all[i] = fmt.Sprintf("user-%d:a-password-of-this-test-%02d", i, i)
			}
			c, _ := config(basicOnly())
			c.Secrets, c.Credentials = nil, []core.Credential{core.BasicAuth(secrets.Static(all...))}
			c.Replay, c.Observers = core.DangerouslyNoReplay, noObserver()
			g := mustNew(t, c)
			r := post("")
			user, password, _ := strings.Cut(all[pairs-1], ":")
			r.SetBasicAuth(user, password)
			return flushing(t, g, func() {
				r.Body = http.NoBody // a guard reads a request once
				d, reply := g.Receive(nil, r, adapter.Inbound{})
				if reply != nil {
					t.Fatal("refused")
				}
				d.Finish(adapter.Outcome{})
			})
		}
	}
	return []counted{
		{"the bare hash", 1, func(*testing.T) func() {
			h, raw := sha256.New(), []byte(body)
			var sum [sha256.Size]byte
			return func() {
				h.Reset()
				_, _ = h.Write(raw)
				h.Sum(sum[:0])
			}
		}},
		{"a signature of the body", 1.21, verify(signedBody, false)},
		{"a signature of timestamp and body", 1.26, verify(signed, true)},
		{"Receive", 1.50, receive(func() *http.Request { return signedBody(body) }, true)},
		{"Receive of a forgery", 1.41,
			receive(func() *http.Request { return post(body, "X-Hub-Signature-256", "sha256="+mac(oldSecret, body)) },
				false)},
		{"a handler, named by headers", 1.49, handle(plain(), nameless{}, core.DangerouslyNoReplay)},
		{"a handler, named in the body", 1.53, handle(timestamped(), nameless{}, core.DangerouslyNoReplay)},
		{"a handler, an id that is signed", 1.55, handle(identified(), nameless{}, core.DangerouslyNoReplay)},
		{"a handler, an observer of names by headers", 1.54, handle(plain(), noObserver()[0], core.DangerouslyNoReplay)},
		{"a handler, an observer of names in the body", 1.90, handle(timestamped(), noObserver()[0], core.DangerouslyNoReplay)},
		{"a handler, an observer of a signed id", 1.88, handle(identified(), noObserver()[0], core.DangerouslyNoReplay)},
		{"a duplicate, named by headers", 2.80, handle(plain(), nameless{}, memstore.New())},
		{"a duplicate, named in the body", 1.99, handle(timestamped(), nameless{}, memstore.New())},
		{"a duplicate, an id that is signed", 1.85, handle(identified(), nameless{}, memstore.New())},
		{"a store and a signal", 2.99, complete(plain(), signedBody, body)},
		{"a store and a signal, rules for equal bodies", 3.15, complete(ruled(), signedBody, described)},
		{"a store and a signal, an id in the body", 2.15, complete(timestamped(), signed, named)},
		{"a pair of 1", 0.505, basic(1)},
		{"a pair of 20", 0.68, basic(20)},
		{"a refusal of a delivery without a signature", 0.168, refuse(func() *http.Request { return post(body) })},
		{"a refusal of a malformed signature", 0.185,
			refuse(func() *http.Request { return post(body, "X-Hub-Signature-256", "sha256=00") })},
	}
}

// namedInBody is an event whose name stands in the body.
const namedInBody = `{"id":"evt_1","data":{"n":[1,2,3],"text":"x"},"type":"invoice.paid"}`

// nameless is an observer that reads no names of events.
type nameless struct{}

func (nameless) Observe(context.Context, core.Record) {}
func (nameless) NeedsNames() bool                     { return false }

type rewound struct{ *bytes.Reader }

func (rewound) Close() error { return nil }

// flushing runs a path and waits for the observer now and then. On one processor its goroutine may come late: records
// that are dropped would cost nothing.
func flushing(t *testing.T, g *core.Guard, run func()) func() {
	turns := 0
	return func() {
		run()
		if turns++; turns%100 == 0 {
			_ = g.Flush(t.Context())
		}
	}
}

func TestInstructions(t *testing.T) {
	if what := os.Getenv(countEnv); what != "" {
		count(t, what)
		return
	}
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		err = &engine.MissingError{Program: "valgrind", Package: "valgrind"}
	}
	engine.Need(t, err)
	paths := countedPaths()
	var floor float64
	for i, p := range paths {
		each := instructions(t, valgrind, i, p.turns())
		if i == 0 {
			floor = each
		}
		t.Logf("%-36s %7.0f instructions, %5.2f of the hash, %6.0f more than it", p.name, each, each/floor, each-floor)
		if each/floor > p.most {
			t.Errorf("%s takes more than %.3f of the hash: see what was added to it, or hold it to the new figure",
				p.name, p.most)
		}
	}
}

// count is what runs under valgrind: path and number of turns.
func count(t *testing.T, what string) {
	path, turns, _ := strings.Cut(what, ":")
	i, err := strconv.Atoi(path)
	require.NoError(t, err)
	n, err := strconv.Atoi(turns)
	require.NoError(t, err)
	run := countedPaths()[i].make(t)
	for range n {
		run()
	}
}

// instructions of one turn: the difference of two runs, so that what starts and ends the process does not count.
func instructions(t *testing.T, valgrind string, path, many int) float64 {
	t.Helper()
	const few = 200
	of := func(turns int) float64 {
		cmd := exec.Command(valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
			os.Args[0], "-test.run", "^TestInstructions$")
		// One thread, and neither collections nor the signals that preempt goroutines: they come when the clock says
		// so.
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d:%d", countEnv, path, turns), "GOMAXPROCS=1", "GOGC=off",
			"GODEBUG=asyncpreemptoff=1")
		cmd.WaitDelay = time.Second
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		n, err := refs(string(out))
		require.NoError(t, err, "%s", out)
		return n
	}
	return (of(many) - of(few)) / float64(many-few)
}

// refs finds the count in what cachegrind prints: "==123== I   refs:      2,270,858,698".
func refs(out string) (float64, error) {
	_, rest, ok := strings.Cut(out, "refs:")
	if !ok {
		return 0, errors.New("valgrind says no count")
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(line), ",", ""), 64)
}
