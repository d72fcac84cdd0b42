package core_test

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/hostile"
)

// sign stands in a fuzzed header or body for the right signature, so that the fuzzer gets past the MAC and can look for
// what else is let through.
const sign = "@SIGNATURE@"

// FuzzWholeGuard: whatever stands on the wire, the guard lets in only what the oracle calls genuine, asks its store
// about nothing else, never panics and never answers with a 5xx before the app's code.
func FuzzWholeGuard(f *testing.F) {
	cases, err := hostile.Load("testdata/hostile")
	require.NoError(f, err)
	endpoints, checks := hostile.Endpoints(), oracles()
	names := make([]string, 0, len(checks))
	for name := range checks {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, c := range cases {
		at := slices.Index(names, c.Endpoint)
		if at < 0 || c.Raw != "" || len(c.After)+len(c.Config) > 0 ||
			i%8 != 0 && (c.Reason != reason.Accepted || i%2 != 0) {
			continue // some are enough to begin with
		}
		wire, err := c.Wire(endpoints[c.Endpoint])
		require.NoError(f, err)
		if len(wire) > 4096 {
			continue
		}
		f.Add(uint8(at), c.Peer == "" || strings.HasPrefix(c.Peer, "10."), string(wire))
		head, body, _ := strings.Cut(string(wire), "\r\n\r\n")
		if r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire))); err == nil &&
			c.Reason == reason.Accepted {
			if sig := checks[c.Endpoint].signature(r, []byte(body)); sig != "" {
				f.Add(uint8(at), true, strings.Replace(head, sig, sign, 1)+"\r\n\r\n"+
					strings.Replace(body, sig, sign, 1))
			}
		}
	}
	guards := map[string]*hostile.Made{}
	for _, name := range names {
		made, err := endpoints[name].New(func(c *core.Config) {
			c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
			c.Observers = nil
		})
		require.NoError(f, err)
		guards[name] = made
	}
	f.Fuzz(func(t *testing.T, which uint8, proxied bool, wire string) {
		name := names[int(which)%len(names)]
		made, check := guards[name], checks[name]
		head, body, _ := strings.Cut(wire, "\r\n\r\n")
		if strings.Contains(wire, sign) {
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n")))
			if err != nil {
				return
			}
			sig := check.signature(r, []byte(body))
			head, body = strings.ReplaceAll(head, sign, sig), strings.ReplaceAll(body, sign, sig)
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n")))
		if err != nil {
			return // net/http answers this one
		}
		// The transfer is the table's business; here the body is what stands behind the head.
		r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, int64(len(body)), nil
		if body != "" {
			r.Body = readCloser{strings.NewReader(body)}
		}
		if r.RemoteAddr = "203.0.113.9:1"; proxied {
			r.RemoteAddr = "10.0.0.9:1"
		}
		genuine := check.genuine(r, []byte(body))
		before, ran := made.Store.Accesses.Load(), false
		w := httptest.NewRecorder()
		httpwebhook.Verify(made.Guard)(signal(func(context.Context, core.Event) error { ran = true; return nil })).ServeHTTP(w, r)
		asked := made.Store.Accesses.Load() != before
		if (ran || asked) && !genuine {
			t.Fatalf("%s let in what is not genuine (signal %v, store %v):\n%q", name, ran, asked, head+"\r\n\r\n"+body)
		}
		if w.Code == http.StatusOK && !genuine {
			t.Fatalf("%s answered 200 to what is not genuine:\n%q", name, head+"\r\n\r\n"+body)
		}
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
			t.Fatalf("a request's content made a %d:\n%q", w.Code, head+"\r\n\r\n"+body)
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
