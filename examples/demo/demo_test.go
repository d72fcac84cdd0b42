package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/routers"
)

func TestTheTable(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(t.Context(), nil, &out, &errs, cases)
	require.Zerof(t, code, "%s\n%s", &out, &errs)
	require.Empty(t, errs.String())
	text := out.String()
	for _, want := range []string{
		`recorded, at its own time +200 +accepted +ran +ok +ok +ok +ok +ok`,
		`the old secret of two +200 +accepted \(old\) +ran`,
		`one byte of it changed +400 +bad_signature +- `,
		`signed an hour ago +400 +stale`,
		`signed for in an hour +400 +early`,
		`the same delivery again +200 +duplicate +- `,
		`the other three +503 +in_flight +- `,
		`a wrong password +400 +bad_credential`,
		`plain HTTP +400 +plain_http`,
		`handshake +200 +handshake +- `,
		`GET +405 +method`,
		`\d+ deliveries over \d+ routers: all answered as they should be`,
	} {
		require.Regexp(t, want, text)
	}
	require.NotContains(t, text, "\x1b", "colour is for terminals")
	require.NotContains(t, text, "NO")
	for l := range strings.Lines(text) {
		require.LessOrEqual(t, len([]rune(strings.TrimRight(l, "\n"))), 80, "too wide for a terminal: %s", l)
	}
}

func TestAWrongExpectationIsSaid(t *testing.T) {
	for name, spoil := range map[string]func(*delivery){
		"status":  func(d *delivery) { d.want.status++ },
		"reason":  func(d *delivery) { d.want.reason = reason.Conflict },
		"signals": func(d *delivery) { d.want.signals++ },
		"label":   func(d *delivery) { d.want.label += "?" },
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), nil, &out, &errs, func(s *server) []group {
				groups := cases(s)[:2]
				if s.router == "Chi" {
					spoil(&groups[1].deliveries[2])
				}
				return groups
			})
			require.Equal(t, 1, code)
			require.Regexp(t, `WRONG Chi, GitHub.*, signed just now: got 200 accepted, signal ran 1×, secret new; right is `, out.String())
			require.Regexp(t, `signed just now +200 +accepted +ran +ok +ok +ok +NO +ok`, out.String())
			require.Contains(t, out.String(), ": wrong outcomes: 1 (")
		})
	}
}

func TestUnknownFlag(t *testing.T) {
	require.Equal(t, 2, run(t.Context(), []string{"-nonsense"}, io.Discard, io.Discard, cases))
}

// lines is a writer that others wait on.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.text.Write(p)
	close(l.more)
	l.more = make(chan struct{})
	return len(p), nil
}

func (l *lines) waitFor(t *testing.T, want string) string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		text, more := l.text.String(), l.more
		l.mu.Unlock()
		if strings.Contains(text, want) {
			return text
		}
		select {
		case <-more:
		case <-deadline:
			require.FailNow(t, "not printed: "+want, text)
		}
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &lines{more: make(chan struct{})}
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"-serve"}, out, out, cases) }()
	text := out.waitFor(t, "Ctrl-C")
	require.Equal(t, 4, strings.Count(text, "curl -i"), "each delivery is printed once")
	for line := range strings.Lines(text) {
		require.LessOrEqual(t, len(line), 120, line)
	}
	addresses := regexp.MustCompile(`(?m)^  \S.* (http://127\.0\.0\.1:\d+)$`).FindAllStringSubmatch(text, -1)
	require.Len(t, addresses, len(routers.All()))
	if shell, err := exec.LookPath("sh"); err == nil && has("curl") {
		commands := regexp.MustCompile(`(?m)^# (.*)\n(curl (?:.*\\\n)+.*)$`).FindAllStringSubmatch(text, -1)
		require.Len(t, commands, 4)
		for _, address := range addresses {
			for _, l := range commands {
				answer, err := exec.CommandContext(ctx, shell, "-c", "APP="+address[1]+"\n"+l[2]).Output()
				require.NoError(t, err)
				want := "HTTP/1.1 200 OK"
				if strings.Contains(l[1], "forged") {
					want = "HTTP/1.1 400 Bad Request"
				}
				require.Containsf(t, string(answer), want, "%s: %s", l[1], l[2])
				require.NotContains(t, string(answer), "already processed", "each app accepts it once")
			}
		}
		out.waitFor(t, "accepted, signal ran")
	}
	for _, address := range addresses {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address[1]+"/hooks/stripe", nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	select {
	case code := <-done:
		require.Zero(t, code)
	case <-time.After(20 * time.Second):
		require.FailNow(t, "serving did not end")
	}
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
