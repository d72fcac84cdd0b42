package core_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/hostile"
)

// TestHostile sends the adversarial table to guards, without a network. What net/http answers itself is left to
// internal/adaptertest, which has sockets.
func TestHostile(t *testing.T) {
	t.Parallel()
	cases, err := hostile.Load("testdata/hostile")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(cases), 400)
	endpoints := hostile.Endpoints()
	threats := map[string][2]int{}
	used := map[string]bool{}
	for _, c := range cases {
		e, err := c.At(endpoints)
		require.NoError(t, err)
		used[c.Endpoint] = true
		n := threats[c.Threat]
		if c.Reason != "" && c.Reason.Class() == reason.ClassPassed {
			n[0]++
		} else {
			n[1]++
		}
		threats[c.Threat] = n
		t.Run(c.Threat+"/"+c.Name, func(t *testing.T) { hostileCase(t, e, &c) })
	}
	for threat, n := range threats {
		require.Positive(t, n[0], "%s has no control that is let in", threat)
		if threat != "W-40" && threat != "W-26" { // about duplicates, which are let in and run nothing
			require.Positive(t, n[1], "%s has nothing that is refused", threat)
		}
	}
	require.Len(t, used, len(endpoints), "an endpoint that no case uses")
}

// hostileCase sends one case's requests to a guard of its own.
func hostileCase(t *testing.T, e *hostile.Endpoint, c *hostile.Case) {
	t.Helper()
	made, err := e.New(nil)
	require.NoError(t, err)
	read := 0 // events that a guard read, which is set up alike but for what counts them
	counting, err := e.New(func(config *core.Config) {
		config.Identity = func(e core.Event) string { read++; return string(e.Payload) + e.ID + e.Type }
	})
	require.NoError(t, err)
	checked := made.Guard.CountPublicKeyOperations()
	signals := 0
	h := httpwebhook.Verify(made.Guard)(signal(func(context.Context, core.Event) error { signals++; return nil }))
	for _, want := range c.Requests() {
		if want.Reason == "" {
			return
		}
		wire, err := want.Wire(e)
		require.NoError(t, err)
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		require.NoError(t, err)
		if r.RemoteAddr = want.Peer; want.Peer == "" {
			r.RemoteAddr = "192.0.2.1:4711"
		}
		if want.TLS {
			r.TLS = &tls.ConnectionState{}
		}
		before, ran := made.Store.Accesses.Load(), signals
		read = 0
		checked.Store(0)
		fetched := made.Outgoing.Requests.Load()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		again, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		require.NoError(t, err)
		again.RemoteAddr, again.TLS = r.RemoteAddr, r.TLS
		httpwebhook.Verify(counting.Guard)(signal(ok)).ServeHTTP(httptest.NewRecorder(), again)

		all, err := made.Seen.All(t.Context(), made.Guard)
		require.NoError(t, err)
		rec := all[len(all)-1]
		require.Equal(t, want.Reason, rec.Reason, rec.Detail)
		require.EqualValues(t, want.Outgoing, made.Outgoing.Requests.Load()-fetched, "requests for keys")
		require.Equal(t, want.Status, w.Code)
		require.Contains(t, rec.Detail, want.Detail)
		if want.Answer != "" {
			require.Equal(t, want.Answer, w.Body.String())
		}
		accepted := want.Reason == reason.Accepted
		require.Equal(t, accepted && !want.Silent, signals > ran, "signals")
		proved := accepted || want.Reason == reason.Duplicate || want.Reason == reason.Conflict
		if !proved {
			require.Equal(t, before, made.Store.Accesses.Load(), "the store was asked before anything was proved")
			require.Zero(t, read, "events were read before anything was proved")
		} else if !want.Silent {
			require.Positive(t, read, "nothing counts the events that are read")
		}
		// A key is tried only on what all the cheap checks let through. What is encrypted is decrypted after the proof.
		opened := c.Endpoint == "wechat" && want.Reason == reason.WrongRecipient
		if !proved && want.Reason != reason.BadSignature && want.Reason != reason.Handshake && !opened {
			require.Zero(t, checked.Load(), "a public key was tried although cheaper checks had failed")
		}
		if slices.Contains([]string{"discord", "ecdsa", "standard-public"}, c.Endpoint) && accepted {
			require.Positive(t, checked.Load(), "nothing counts public-key operations")
		}
	}
}
