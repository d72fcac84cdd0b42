package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

const secret = "whsec_made-up-for-tests-0123456789abcdef"

// receiver is the example's receiver behind TLS, as a provider sees it.
type receiver struct {
	*httptest.Server
	broker *broker
}

func (s *server) receiver(t *testing.T) *receiver {
	t.Helper()
	b := s.open(t)
	handler, err := newReceiver(b, core.Config{
		Secrets: secrets.Static(secret), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	r := &receiver{httptest.NewTLSServer(handler), b}
	t.Cleanup(r.Close)
	return r
}

func (s *server) open(t *testing.T) *broker {
	t.Helper()
	b, err := s.connect(t.Context(), settings{url: s.url, takeover: time.Second}, watermill.NopLogger{})
	require.NoError(t, err)
	t.Cleanup(b.close)
	return b
}

// deliver sends an event as the provider does and gives the status of the answer.
func deliver(t *testing.T, client *http.Client, url string, event int) int {
	t.Helper()
	body := fmt.Appendf(nil, `{"id":"evt_%d","type":"invoice.paid","data":{"object":{"id":"in_%d"}}}`, event, event)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/webhooks/stripe", bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	require.NoError(t, webhooktest.Sign(r, provider.Stripe(), secret, time.Now()))
	resp, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

func (r *receiver) deliver(t *testing.T, event int) int {
	t.Helper()
	return deliver(t, r.Client(), r.URL, event)
}

// works starts a worker, and gives what it has worked on so far and what stops it. fail decides which work fails.
func (s *server) works(t *testing.T, fail func(run int) error) (worked func() []core.Event, stop func()) {
	t.Helper()
	var mu sync.Mutex
	var list []core.Event
	runs := 0
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error {
		mu.Lock()
		defer mu.Unlock()
		runs++
		if err := fail(runs); err != nil {
			return err
		}
		list = append(list, e)
		return nil
	})
	quiet := slog.New(slog.DiscardHandler)
	w := &worker{broker: s.open(t), handle: s.memory(t).handler(signals, time.Second, quiet), logger: quiet}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return func() []core.Event {
		mu.Lock()
		defer mu.Unlock()
		return list
	}, stop
}

// memory opens what all workers of a test remember in.
func (s *server) memory(t *testing.T) *memory {
	t.Helper()
	m, err := openMemory(context.Background(), s.file)
	require.NoError(t, err)
	t.Cleanup(m.close)
	return m
}

func never(int) error { return nil }

// drained waits until every message is acknowledged.
func (s *server) drained(t *testing.T) {
	t.Helper()
	eventually(t, func() bool { n, err := s.left(s.url); return err == nil && n == 0 }, "messages are left in %s",
		s.broker)
}

func (s *server) count(t *testing.T) int64 {
	t.Helper()
	n, err := s.stored(s.url)
	require.NoError(t, err)
	return n
}

func TestWhatWasAnsweredSurvivesTheBroker(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		r := s.receiver(t)
		require.Equal(t, 200, r.deliver(t, 1))
		s.kill()
		s.start(t)
		require.EqualValues(t, 1, s.count(t))
		worked, _ := s.works(t, never)
		s.drained(t)
		require.Len(t, worked(), 1)
		e := worked()[0]
		require.JSONEq(t, `{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}}}`, string(e.Payload))
		require.JSONEq(t, `{"id":"in_1"}`, string(e.Data))
		require.Equal(t, []string{"stripe", "stripe", "invoice.paid", "evt_1"},
			[]string{e.Endpoint, e.Provider, e.Type, e.ID})
		require.True(t, e.Authenticated.ID)
		require.False(t, e.Identity.IsZero())
	})
}

func TestWhileTheBrokerIsDownTheProviderKeepsTheEvent(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		r := s.receiver(t)
		s.kill()
		require.Equal(t, 500, r.deliver(t, 1))
		require.Equal(t, 500, r.deliver(t, 1), "it is released, and not a duplicate")
		s.start(t)
		eventually(t, func() bool { return r.deliver(t, 2) == 200 }, "the broker's client does not find it again")
		require.EqualValues(t, 1, s.count(t), "what was refused is not sent later behind the provider's back")
		require.Equal(t, 200, r.deliver(t, 1))
		require.EqualValues(t, 2, s.count(t))
		worked, _ := s.works(t, never)
		s.drained(t)
		require.Len(t, worked(), 2)
	})
}

func TestADuplicateDeliveryIsNotPublished(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		r := s.receiver(t)
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() { deliver(t, r.Client(), r.URL, 1) })
		}
		wait.Wait()
		require.Equal(t, 200, r.deliver(t, 1))
		require.EqualValues(t, 1, s.count(t))
	})
}

func TestADuplicateThatTheGuardCannotKnowIsWorkedOnOnce(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		require.Equal(t, 200, s.receiver(t).deliver(t, 1))
		require.Equal(t, 200, s.receiver(t).deliver(t, 1), "one that was restarted, and has forgotten")
		if s.broker == "redis" {
			require.EqualValues(t, 2, s.count(t))
		} else {
			require.EqualValues(t, 1, s.count(t), "NATS itself knows the UUID, for two minutes")
		}
		worked, _ := s.works(t, never)
		s.drained(t)
		require.Equal(t, 200, s.receiver(t).deliver(t, 1))
		s.drained(t)
		require.Len(t, worked(), 1)
	})
}

func TestWorkThatFailsIsDoneAgain(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		require.Equal(t, 200, s.receiver(t).deliver(t, 1))
		worked, _ := s.works(t, func(run int) error {
			if run < 3 {
				return errors.New("not today")
			}
			return nil
		})
		s.drained(t)
		require.Len(t, worked(), 1)
	})
}

func TestWorkThatKeepsFailingIsParkedAndHoldsUpNothing(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		r := s.receiver(t)
		require.Equal(t, 200, r.deliver(t, 1))
		require.Equal(t, 200, r.deliver(t, 2))
		worked, _ := s.works(t, func(run int) error {
			if run <= 4 {
				return errors.New("not today")
			}
			return nil
		})
		s.drained(t)
		require.Len(t, worked(), 1)
		for e, err := range s.memory(t).kept.Entries(t.Context(), journal.Query{State: journal.Parked}) {
			require.NoError(t, err)
			require.NotEqual(t, worked()[0].ID, e.EventID)
			require.Equal(t, 4, e.Attempts)
			return
		}
		t.Fatal("nothing is parked")
	})
}

func TestAWorkerThatLeavesDoesNotTakeTheOthersAlong(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		r := s.receiver(t)
		event := 0
		more := func() bool { event++; return r.deliver(t, event) == 200 }
		byFirst, stop := s.works(t, never)
		eventually(t, func() bool { return more() && len(byFirst()) > 0 }, "the first does not work")
		bySecond, _ := s.works(t, never)
		eventually(t, func() bool { return more() && len(bySecond()) > 0 }, "the second does not work")
		s.drained(t) // what is cut off is done twice
		stop()
		before := len(bySecond())
		require.True(t, more())
		s.drained(t)
		require.Greater(t, len(bySecond()), before)
		require.Len(t, append(byFirst(), bySecond()...), event)
	})
}

// child is the program as a process of its own.
type child struct {
	cmd   *exec.Cmd
	lines chan map[string]string
}

func (s *server) child(t *testing.T, args ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0],
		append([]string{"-broker", s.broker, "-url", s.url, "-takeover", "1s", "-db", s.file}, args...)...)
	cmd.Env = append(os.Environ(), childEnv+"=1", "STRIPE_SECRET="+secret)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{cmd: cmd, lines: make(chan map[string]string, 1000)}
	go func() {
		defer close(c.lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			var line map[string]string
			if json.Unmarshal(scanner.Bytes(), &line) == nil {
				c.lines <- line
			}
		}
	}()
	t.Cleanup(c.kill)
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func TestAWorkerThatIsKilledLosesNothing(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		const events = 10
		r := s.receiver(t)
		for i := range events {
			require.Equal(t, 200, r.deliver(t, i))
		}
		worked := map[string]int{}
		first := s.child(t, "-role", "work", "-takes", "300ms")
		cut := ""
		for begun := 0; begun < 3; {
			line, ok := <-first.lines
			require.True(t, ok, "the worker ended")
			switch {
			case line["begins"] != "":
				begun++
				cut = line["id"]
			case line["worked"] != "":
				worked[line["id"]]++
			}
		}
		first.kill()
		require.Len(t, worked, 2)
		require.NotContains(t, worked, cut)

		second := s.child(t, "-role", "work")
		for len(worked) < events {
			select {
			case line, ok := <-second.lines:
				require.True(t, ok, "the worker ended")
				if line["worked"] != "" {
					worked[line["id"]]++
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("only %d of %d were worked on", len(worked), events)
			}
		}
		s.drained(t)
		second.kill()
		for line := range second.lines {
			if line["worked"] != "" {
				worked[line["id"]]++
			}
		}
		for id, times := range worked {
			require.Equal(t, 1, times, id)
		}
	})
}

func TestTheWholeProgram(t *testing.T) {
	eachBroker(t, func(t *testing.T, s *server) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addr := listener.Addr().String()
		require.NoError(t, listener.Close())
		c := s.child(t, "-addr", addr, "-dangerously-allow-http")
		eventually(t, func() bool { conn, err := net.Dial("tcp", addr); return err == nil && conn.Close() == nil },
			"it does not listen")
		require.Equal(t, 200, deliver(t, http.DefaultClient, "http://"+addr, 1))
		for line := range c.lines {
			if line["worked"] != "" {
				require.Equal(t, "evt_1", line["id"])
				require.Equal(t, "invoice.paid", line["type"])
				break
			}
		}
	})
}

func TestMistakesInTheArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-broker", "kafka"}, {"-role", "watch"}, {"-takeover", "0s"},
		{"-url", "redis://me:hush@%%"}, {"-url", "http://me:hush@127.0.0.1"},
		{"-broker", "nats", "-url", "nats://me:hush@127.0.0.1:1"},
	} {
		err := run(t.Context(), args, nil)
		require.Error(t, err, args)
		require.NotContains(t, err.Error(), "hush")
	}
}
