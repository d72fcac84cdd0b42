package killtests_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// process is the app as the test sees it.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr bytes.Buffer
	url    string
	client http.Client
}

// startApp starts the app and waits until it listens.
func startApp(t *testing.T, p *place) *process {
	t.Helper()
	role, err := json.Marshal(p)
	require.NoError(t, err)
	a := &process{cmd: exec.Command(os.Args[0]), client: http.Client{Transport: &http.Transport{}}}
	a.cmd.Env = append(os.Environ(), roleVariable+"="+string(role))
	a.cmd.Stderr = &a.stderr
	a.stdin, err = a.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := a.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, a.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = a.cmd.Wait()
		require.NoError(t, err, a.stderr.String())
	}
	a.url = "http://" + strings.TrimSpace(line)
	return a
}

// errKilled says that the app has died while it was called.
var errKilled = errors.New("the app was killed")

// do sends a request and returns the answer. Where there is none the app must have been killed.
func (a *process) do(t *testing.T, r *http.Request) (status int, body string, err error) {
	t.Helper()
	res, err := a.client.Do(r)
	var text []byte
	if err == nil {
		text, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	if err != nil {
		a.client.CloseIdleConnections()
		_ = a.cmd.Wait()
		state, ok := a.cmd.ProcessState.Sys().(syscall.WaitStatus)
		require.True(t, ok && state.Signaled() && state.Signal() == syscall.SIGKILL, "%v\n%s", err, a.stderr.String())
		return 0, "", errKilled
	}
	return res.StatusCode, string(text), nil
}

// arm chooses the point before which the app is killed; 0: none.
func (a *process) arm(t *testing.T, at int) {
	t.Helper()
	_, _, err := a.do(t, a.request(t, "/arm?at="+strconv.Itoa(at), ""))
	require.NoError(t, err)
}

// points returns how many points the app has passed since it was armed.
func (a *process) points(t *testing.T) int {
	t.Helper()
	_, text, err := a.do(t, a.request(t, "/points", ""))
	require.NoError(t, err)
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

func (a *process) request(t *testing.T, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+path, strings.NewReader(body))
	require.NoError(t, err)
	return r
}

// kill ends the app with SIGKILL, and waits.
func (a *process) kill() {
	a.client.CloseIdleConnections()
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait()
}
