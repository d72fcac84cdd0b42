package receiver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/drivers"
)

const secret = "made-up-for-tests-0123456789abcdef"

// patience bounds what would otherwise hang a test; nothing waits for it to pass.
const patience = 20 * time.Second

// lines is a writer that hands on what was written, write by write.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// run serves by flags, with every database, and returns the exit status of the command.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o Options
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	o.Flags(flags)
	o.PageFlag(flags)
	err := flags.Parse(args)
	if err == nil {
		err = o.Check(flags)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 2
	}
	if err := Serve(ctx, &o, drivers.Store, Streams{stdout, stderr}); err != nil {
		return 1
	}
	return 0
}

// receiver is a run of the command.
type receiver struct {
	t      *testing.T
	url    string
	stdout lines
	stderr lines
	stop   context.CancelFunc
	code   chan int
}

// start runs the command with a configuration and waits until it listens.
func start(t *testing.T, configuration string, args ...string) *receiver {
	t.Helper()
	if configuration != "" {
		args = append(args, "--config", write(t, "receiver.yaml", configuration))
	}
	ctx, stop := context.WithCancel(context.Background())
	// Room for what every sender's endpoint writes: a full channel would stop the receiver.
	r := &receiver{t: t, stdout: make(lines, 10_000), stderr: make(lines, 10_000), stop: stop, code: make(chan int, 1)}
	go func() { r.code <- run(ctx, args, r.stdout, r.stderr) }()
	var first struct{ Listening string }
	require.NoError(t, json.Unmarshal([]byte(r.line()), &first))
	r.url = "http://" + first.Listening
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			for len(r.stderr) > 0 {
				t.Log(<-r.stderr)
			}
		}
	})
	return r
}

// line is the next line of standard output, which is also one write.
func (r *receiver) line() string {
	r.t.Helper()
	line := ""
	select {
	case line = <-r.stdout:
	case code := <-r.code:
		r.code <- code // for end
		select {
		case line = <-r.stdout: // written before it ended
		default:
			require.FailNow(r.t, "the receiver ended", "code %d: %s", code, drained(r.stderr))
		}
	case <-time.After(patience):
		require.FailNow(r.t, "no line came")
	}
	require.True(r.t, strings.HasSuffix(line, "\n") && strings.Count(line, "\n") == 1, "a line must be one write: %q",
		line)
	return strings.TrimSuffix(line, "\n")
}

// end drains the receiver and returns its exit status; standard output must hold nothing more.
func (r *receiver) end() int {
	r.t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		require.Empty(r.t, drained(r.stdout), "standard output holds more than was expected")
		return code
	case <-time.After(patience):
		require.FailNow(r.t, "the receiver did not end")
	}
	return -1
}

func drained(l lines) string {
	var all strings.Builder
	for len(l) > 0 {
		all.WriteString(<-l)
	}
	return all.String()
}

// message is a delivery.
type message struct {
	path   string
	body   string
	header map[string]string
}

// send sends a delivery and returns the status of the answer.
func (r *receiver) send(m message) int {
	r.t.Helper()
	status, err := r.try(m)
	require.NoError(r.t, err)
	return status
}

func (r *receiver) try(m message) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+m.path, strings.NewReader(m.body))
	if err != nil {
		return 0, err
	}
	req.Close = true // no idle connection for a drain to wait for
	req.Header.Set("Content-Type", "application/json")
	for name, value := range m.header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// github signs as GitHub does, by its documentation and not by this module.
func github(path, body string) message {
	return message{path, body, map[string]string{
		"X-Hub-Signature-256": "sha256=" + mac(secret, body), "X-GitHub-Event": "push", "X-GitHub-Delivery": "72d3162e",
	}}
}

func mac(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// signalJSON is the contract's line for a call of a signal.
func signalJSON(endpoint, provider, id, eventType, label, body, attempt string) string {
	return fmt.Sprintf(`{"signal":{"endpoint":"%s","provider":"%s","id":"%s","type":"%s","secret":"%s","body_sha256":"%s","attempt":"%s"}}`,
		endpoint, provider, id, eventType, label, digest(body), attempt)
}

// answeredJSON is the contract's line for a delivery that reached no signal.
func answeredJSON(endpoint, provider, reason string, status int) string {
	return fmt.Sprintf(`{"answered":{"endpoint":"%s","provider":"%s","reason":"%s","status":%d}}`, endpoint, provider,
		reason, status)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// fails runs the command where it must not start, and returns its status and standard error.
func fails(t *testing.T, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // should it start after all, it ends at once
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, &stdout, &stderr)
	require.Empty(t, stdout.String(), "nothing but the contract's lines goes to standard output")
	return code, stderr.String()
}
