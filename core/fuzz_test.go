package core_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// FuzzGuard: whatever is sent, there is no panic, no 5xx before the app's code, no signal and no claim, unless the
// signature is genuine; and then the signal runs.
func FuzzGuard(f *testing.F) {
	f.Add("POST", "/hooks", pairs(testSecret, testTime, event), "application/json",
		"Basic dXNlcjphLWxvbmctZW5vdWdoLXBhc3N3b3Jk", []byte(event))
	f.Add("POST", "/hooks?token=x", "t=1,v1=zz,,;=", "text/plain; charset=utf-7", "Bearer", []byte("{"))
	f.Add("GET", "/hooks?hub.challenge=1&hub.verify_token=2", "", "", "", []byte{})
	f.Add("POST", "/%zz", "t=1772366400,v1=", "application/x-www-form-urlencoded", "Basic ====", []byte("a=%zz&&=&"))
	e := timestamped()
	e.Handshakes = []entry.Handshake{
		{Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "url_verification", EchoJSON: "/challenge"},
		{Method: "GET", WhenQuery: "hub.challenge", EchoQuery: "hub.challenge", TokenQuery: "hub.verify_token"},
	}
	store := &brokenStore{Store: memstore.New()}
	c, _ := config(e)
	c.Replay = store
	c.Observers = nil
	c.Credentials = []core.Credential{core.BasicAuth(secrets.Static("user:a-long-enough-password"))}
	c.Setup.VerifyTokens = secrets.Static("verify-token-1")
	g := mustNew(f, c)
	f.Fuzz(func(t *testing.T, method, target, signature, contentType, authorization string, body []byte) {
		if !validToken(method) || !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \r\n\x00\x7f") {
			return // net/http refuses these before any handler
		}
		r, err := http.NewRequest(method, "http://example.test", bytes.NewReader(body))
		if err != nil {
			return
		}
		path, query, _ := strings.Cut(target, "?")
		r.URL.Path, r.URL.RawQuery, r.RemoteAddr = path, query, "192.0.2.1:1"
		r.Header = http.Header{"Acme-Signature": {signature}, "Content-Type": {contentType},
			"Authorization": {authorization}}
		ran := false
		before := store.claims.Load()
		w := httptest.NewRecorder()
		httpwebhook.Verify(g)(signal(func(context.Context, core.Event) error { ran = true; return core.Permanent(http.ErrBodyNotAllowed) })).ServeHTTP(w, r)
		genuine := strings.Contains(signature, mac(testSecret, "1772366400", ".", string(body))) ||
			containsGenuine(signature, body)
		if (ran || store.claims.Load() != before) && !genuine {
			t.Fatalf("a forged delivery got through: %q", signature)
		}
		if w.Code >= 500 {
			t.Fatalf("a request's content made a %d", w.Code)
		}
	})
}

func containsGenuine(signature string, body []byte) bool {
	for part := range strings.SplitSeq(signature, ",") {
		if t, ok := strings.CutPrefix(strings.TrimSpace(part), "t="); ok &&
			strings.Contains(strings.ToLower(signature), mac(testSecret, t, ".", string(body))) {
			return true
		}
	}
	return false
}

func validToken(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

// FuzzNoChangedByteVerifies: no change of one byte of a genuine delivery's body or signature verifies.
func FuzzNoChangedByteVerifies(f *testing.F) {
	f.Add(uint16(0), uint8(1), true)
	f.Add(uint16(20), uint8(32), false)
	c, _ := config(timestamped())
	c.Observers = nil
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(f, c)
	f.Fuzz(func(t *testing.T, at uint16, change uint8, inBody bool) {
		body, signature := []byte(event), []byte(pairs(testSecret, testTime, event))
		target := signature
		if inBody {
			target = body
		}
		i := int(at) % len(target)
		old := target[i]
		target[i] ^= change
		if target[i] == old || (!inBody && strings.EqualFold(string(target[i]), string(old))) {
			return // hexadecimal digits have two cases
		}
		if w := run(g, post(string(body), "Acme-Signature", string(signature)), ok); w.Code == 200 {
			t.Fatalf("byte %d changed from %q to %q still verifies", i, old, target[i])
		}
	})
}

// FuzzSignatureInTheBody: the bounded scan of an unproved body never panics and never lets a forgery through.
func FuzzSignatureInTheBody(f *testing.F) {
	e := entry.Entry{
		Name: "inbody", Title: "In Body",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{JSON: "/signature/signature", Form: "signature"},
				Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{JSON: "/signature/timestamp", Form: "timestamp"}},
			ID:        entry.Field{JSON: "/signature/token", Form: "token", Grammar: entry.HexText},
			Signed:    []entry.Part{entry.TimestampText(), entry.ID()},
		},
		Identity: entry.Identity{Kind: entry.BySignedID},
	}
	c, _ := config(e)
	c.Observers = nil
	g := mustNew(f, c)
	f.Add([]byte(`{"signature":{"timestamp":"1772366400","token":"ab","signature":"`+
		mac(testSecret, "1772366400", "ab")+`"}}`), false)
	f.Add([]byte(`timestamp=1772366400&token=ab&signature=`+mac(testSecret, "1772366400", "ab")), true)
	f.Add([]byte(`{"signature":{"timestamp":1,"token":{},"signature":[]}}`), false)
	f.Add([]byte("a=%zz&signature"), true)
	f.Fuzz(func(t *testing.T, body []byte, form bool) {
		contentType := "application/json"
		if form {
			contentType = "application/x-www-form-urlencoded"
		}
		r := post(string(body), "Content-Type", contentType)
		w := run(g, r, ok)
		if w.Code == 200 && !bytes.Contains(bytes.ToLower(body), []byte("signature")) &&
			!bytes.ContainsAny(body, `\%+`) {
			t.Fatalf("a body without a signature got through: %q", body)
		}
		if w.Code >= 500 {
			t.Fatalf("a request's content made a %d", w.Code)
		}
	})
}

// FuzzNetworks: a list that parses never panics a guard and is stable.
func FuzzNetworks(f *testing.F) {
	f.Add("10.0.0.0/8, ::1")
	f.Add("::ffff:10.0.0.0/104")
	f.Fuzz(func(_ *testing.T, text string) {
		c, _ := config(timestamped())
		c.TrustedProxies, c.Now = core.Networks(text), time.Now
		_, _ = core.New(c)
	})
}
