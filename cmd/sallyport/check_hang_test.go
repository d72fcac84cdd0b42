package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// late is the error of a client that has waited for too long.
type late struct{}

func (late) Error() string   { return "no answer came" }
func (late) Timeout() bool   { return true }
func (late) Temporary() bool { return true }

// hanging answers what its rule accepts, and lets everything else wait for ever.
type hanging struct{ next http.RoundTripper }

func (h hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	w, err := h.next.RoundTrip(r)
	if err == nil && w.StatusCode != http.StatusOK {
		_ = w.Body.Close()
		return nil, late{}
	}
	return w, err
}

// An endpoint that never answers has not refused: the sender waits, and its connections are used up.
func TestAnEndpointThatHangsHasRefusedNothing(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "github")
	p := &program{streams: streams{out: &lines{}, err: &lines{}}, output: "json",
		getenv: func(name string) string { return cmd.env[name] }}
	s, _, err := p.sender(&choice{provider: "github"}, false)
	require.NoError(t, err)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(app.Close)
	target, err := parseTarget(app.URL)
	require.NoError(t, err)
	c := client(false)
	c.Transport = hanging{c.Transport}
	x := &examiner{ctx: t.Context(), client: c, sender: s, other: s.another(), target: target, p: p,
		o: &checking{slow: time.Minute}}
	x.guard = reference{s, "https://" + target.Host + "/", false}
	forged, err := x.make(x.other, time.Now())
	require.NoError(t, err)
	require.NoError(t, x.tries("signed with another secret", want{says: "it must be refused"}, forged))
	require.Len(t, x.all, 1)
	require.False(t, x.all[0].Right)
	require.Contains(t, x.all[0].Says, "no answer came")

	c.Transport = broken{late{}}
	slow := x.slowBody()
	require.False(t, slow.Right, slow)
	require.Contains(t, slow.Says, "the endpoint waited for it")
	c.Transport = broken{errors.New("connection reset by peer")}
	require.True(t, x.slowBody().Right, "hanging up is one way to give it up")
}

type broken struct{ err error }

func (f broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }
