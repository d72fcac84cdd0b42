package provider_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/sign"
)

// vector is one recorded delivery.
type vector struct {
	Provider  string
	ID        string
	Method    string
	Headers   map[string]string
	Body      []byte `json:"body_b64"`
	Secret    string
	PublicKey string `json:"public_key"`
	KeyID     string `json:"public_key_id"`
	URL       string
	Now       *int64
	Expect    string
	Token     string            `json:"verify_token"`
	CertPEM   string            `json:"cert_pem"`
	CertID    string            `json:"keyid"`
	Config    map[string]string // what is configured next to the secret
	Decrypted []byte            `json:"decrypted_b64"`
	Response  *struct {
		Status       int
		Body         string
		Acknowledged bool // the body is an acknowledgement that is encrypted for this delivery
	}
}

// key is what a user would configure.
func (v *vector) key() string {
	switch {
	case v.KeyID != "":
		return v.KeyID + "|" + v.Secret // Braintree's pair
	case v.CertPEM != "" && v.CertID != "":
		return v.CertID + "|" + v.CertPEM // WeChat Pay's
	case v.Secret == "":
		return v.PublicKey
	}
	return v.Secret
}

// allVectors are the recorded deliveries and those made here.
func allVectors(t testing.TB) []vector {
	return append(append(append(loadVectors(t), ownVectors()...), schemeVectors()...), keyPairVectors()...)
}

func loadVectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []vector
	for _, f := range files {
		all = append(all, vectorsIn(t, f)...)
	}
	return all
}

// vectorsIn reads one file of recorded deliveries.
func vectorsIn(t testing.TB, file string) (all []vector) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	require.NotEmpty(t, all, file)
	return all
}

func (v *vector) provider(t testing.TB) core.Provider {
	t.Helper()
	e, ok := catalogue.ByName(v.Provider)
	require.True(t, ok, "no sender is listed as %s: correct the name, or see \"Add a provider\" (3) in CONTRIBUTING.md",
		v.Provider)
	values := e.Samples()
	for name, value := range v.Config {
		for _, parameter := range []string{name, name + "s"} { // the plural is a list of one
			if _, is := values[parameter]; is {
				values[parameter] = []string{value}
			}
		}
	}
	for _, p := range e.Parameters {
		if p.Field != "" { // of core.Config
			delete(values, p.Name)
		}
	}
	p, err := e.Provider(values)
	require.NoError(t, err)
	return p
}

func (v *vector) request() *http.Request {
	target := "/hooks"
	if v.URL != "" {
		target = v.URL
	}
	r := httptest.NewRequest(v.Method, target, strings.NewReader(string(v.Body)))
	for name, value := range v.Headers {
		r.Header.Set(name, value)
	}
	return r
}

// guardOf is a guard as a user would configure it, but for recorded secrets, which are short.
func guardOf(t testing.TB, p core.Provider, secret string, now time.Time) *core.Guard {
	t.Helper()
	return guardAt(t, p, secret, publicOf(p), now)
}

// guardAt is guardOf with the URL as it is registered at the provider.
func guardAt(t testing.TB, p core.Provider, secret, url string, now time.Time) *core.Guard {
	t.Helper()
	return guardWithin(t, p, secret, url, now, 0)
}

// guardWithin is guardAt with a window of its own; 0: the entry's.
func guardWithin(
	t testing.TB, p core.Provider, secret, url string, now time.Time, tolerance time.Duration,
) *core.Guard {
	t.Helper()
	e, err := entry.Of(p)
	require.NoError(t, err)
	setup := core.Setup{}
	if e.AsksVerifyToken() {
		setup.VerifyTokens = secrets.Static("v", "a-verify-token")
	}
	g, err := core.New(core.Config{Setup: setup,
		PublicURL: url, Limits: core.Limits{Tolerance: tolerance},
		Endpoint: "vectors", Provider: p, Secrets: secrets.Static(secret), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler),
		Now:    func() time.Time { return now }, DangerouslyAllowHTTP: true, DangerouslyAllowWeakSecrets: true,
	})
	require.NoError(t, err)
	return g
}

// now is the clock of the recording. One without a clock does not check freshness: it is checked at its own time.
func (v *vector) now() time.Time {
	if v.Now != nil {
		return time.Unix(*v.Now, 0)
	}
	if milli, err := strconv.ParseInt(strings.TrimPrefix(strings.Split(v.Headers["sanity-webhook-signature"], ",")[0],
		"t="), 10, 64); err == nil {
		return time.UnixMilli(milli)
	}
	if u, err := url.Parse(v.URL); err == nil {
		switch n, _ := strconv.ParseInt(u.Query().Get("timestamp"), 10, 64); {
		case n > 1e12:
			return time.UnixMilli(n)
		case n > 0:
			return time.Unix(n, 0)
		}
	}
	return time.Now()
}

func accepts(g *core.Guard, r *http.Request) bool {
	d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	return d != nil
}

func TestRecordedDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for _, v := range allVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			g := guardWithin(t, v.provider(t), v.key(), v.URL, v.now(), catalogue.RecordedWindow(v.ID))
			d, reply := g.Receive(httptest.NewRecorder(), v.request(), adapter.Inbound{})
			if v.Response != nil && d == nil {
				require.Nil(t, reply.Rejection)
				require.Equal(t, v.Response.Status, reply.Status)
				if v.Response.Acknowledged {
					require.NoError(t, sign.CheckAcknowledgement(v.provider(t), v.key(), reply.Body))
					return
				}
				require.Equal(t, v.Response.Body, string(reply.Body))
				return
			}
			require.Equal(t, v.Expect == "valid", d != nil)
			if d != nil && v.Decrypted != nil {
				requireDecrypted(t, &v, d)
			}
		})
	}
}

// requireDecrypted compares what was decrypted: the event's data, which is its payload where nothing is said next to
// it.
func requireDecrypted(t *testing.T, v *vector, d *core.Delivery) {
	t.Helper()
	e := d.Events()[0]
	require.True(t, e.Authenticated.Type || e.Type == "")
	switch v.Provider {
	case "wecom":
		require.Equal(t, core.Event{ID: "4561255354251345929", Type: "text"}, core.Event{ID: e.ID, Type: e.Type})
		require.Equal(t, time.Unix(1409659813, 0).UTC(), e.Time)
	case "wechat-pay":
		require.Equal(t, string(v.Decrypted), string(e.Data))
		require.Equal(t, string(v.Body), string(e.Payload))
	default:
		require.Equal(t, string(v.Decrypted), string(e.Payload))
	}
	require.Equal(t, string(v.Body), string(d.Body()))
}

// TestNoChangedBitVerifies is the law over everything that is signed: body, timestamp, id and signature. What an entry
// names as unsigned is not flipped. Under the race detector it flips one bit of each byte of a body; "make test" runs
// it without the detector as well, where it flips all.
func TestNoChangedBitVerifies(t *testing.T) {
	t.Parallel()
	for _, v := range allVectors(t) {
		// A handshake that is not signed is proved by a token inside.
		if v.Expect != "valid" || v.Response != nil && (len(v.Body) == 0 || v.Provider == "feishu") {
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			g := guardAt(t, v.provider(t), v.key(), v.URL, v.now())
			accepts := func(g *core.Guard, r *http.Request) bool { // a handshake is answered after the proof too
				d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
				return d != nil || reply.Rejection == nil
			}
			require.True(t, accepts(g, v.request()))
			e, err := entry.Of(v.provider(t))
			require.NoError(t, err)
			from, to := signedBody(e, v.Body)
			for i := from; i < to; i++ {
				for bit := range 8 {
					if raced && bit != i%8 {
						continue
					}
					changed := v
					changed.Body = append([]byte(nil), v.Body...)
					changed.Body[i] ^= 1 << bit
					if accepts(g, changed.request()) && !sameHex(e, string(v.Body), i, bit) {
						require.True(t, sameFields(e, v.Headers, v.Body, changed.Body), "bit %d of byte %d of the body",
							bit, i)
					}
				}
			}
			for _, name := range signedHeaders(e) {
				value := v.request().Header.Get(name)
				for i := range len(value) {
					for bit := range 8 {
						if sameHex(e, value, i, bit) || decidesNothing(name, value, i) {
							continue
						}
						flipped := []byte(value)
						flipped[i] ^= 1 << bit
						r := v.request()
						r.Header.Set(name, string(flipped))
						require.False(t, accepts(g, r), "bit %d of byte %d of %s", bit, i, name)
					}
				}
			}
		})
	}
}

// signedBody is the part of the body that is proved: all of it; for a signature in the body, the values of its fields;
// nothing where a credential vouches for whoever sent it.
func signedBody(e *entry.Entry, body []byte) (from, to int) {
	switch {
	case e.Scheme == nil:
		return 0, 0
	case len(e.Scheme.Signature.Headers) > 0 || e.Name != "mailgun":
		return 0, len(body)
	}
	// Mailgun's, in both of its forms: the fields stand together, and the shortest run of them is from the first value
	// to the end of the last.
	at := regexp.MustCompile(`(?s)("?token"?|"?timestamp"?|"?signature"?)("\s*:\s*"|=)[0-9a-f]+`).FindAllIndex(body, -1)
	if len(at) > 3 {
		at = at[:3] // what follows is the event
	}
	return at[0][0], at[len(at)-1][1]
}

// signedHeaders are the headers that carry the proof.
func signedHeaders(e *entry.Entry) (names []string) {
	if s := e.Scheme; s != nil {
		if s.Custom != nil {
			return s.Custom.Traits().Headers
		}
		for _, f := range []entry.Field{s.Signature.Field, s.Timestamp.Field, s.ID, s.Signature.Version} {
			names = append(names, f.Headers...)
		}
		for _, part := range s.Signed {
			if part.Kind == entry.PartHeader || part.Kind == entry.PartListedHeaders {
				names = append(names, part.Text)
			}
		}
		return names
	}
	switch e.Credential.Kind {
	case entry.HeaderToken:
		return []string{e.Credential.Name}
	case entry.QueryToken:
		return nil // TestATokenInTheQueryIsComparedWhole
	case entry.BodyToken:
		return nil // TestATokenInTheBodyIsComparedWhole
	}
	return []string{"Authorization"}
}

// sameHex says that the flip changes the case of a hexadecimal digit, which is the same digit of the same signature.
// It looks for the run of digits around it, so that the a of a prefix "sha256=" is not taken for one.
func sameHex(e *entry.Entry, text string, at, bit int) bool {
	c := text[at] | 0x20
	if e.Scheme == nil || e.Scheme.Signature.Encoding != entry.Hex || bit != 5 || c < 'a' || c > 'f' {
		return false
	}
	const digits = "0123456789abcdefABCDEF"
	before := at - len(strings.TrimRight(text[:at], digits))
	after := len(text[at:]) - len(strings.TrimLeft(text[at:], digits))
	return before+after >= 32
}

// decidesNothing names the bytes of a header that no verdict depends on: Stripe's v0, Coinbase's v1, svix's decoys,
// signatures of a secret that is being replaced, Box's second signature in addition to the first, and the name of the
// Basic scheme, which may be written in either case.
func decidesNothing(name, value string, at int) bool {
	switch name {
	case "X-EBAY-SIGNATURE", "X-Ebay-Signature": // what the object holds next to the signature: a key's id, and names of algorithms
		object, _ := base64.StdEncoding.DecodeString(value)
		from := bytes.Index(object, []byte(`"signature":"`)) + len(`"signature":"`)
		to := from + bytes.IndexByte(object[from:], '"')
		return at*6/8 >= to || (at+1)*6/8 <= from
	case "Keygen-Signature": // the key's id, and the name of an algorithm
		return at < strings.Index(value, "signature=")
	case "Stripe-Signature":
		i := strings.Index(value, ",v0=")
		return i >= 0 && at >= i
	case "Svix-Signature":
		if strings.HasPrefix(value, "v1,MDAwMDAw") { // a decoy of zeros first, as during a rotation
			return at <= strings.IndexByte(value, ' ')
		}
		good := strings.Index(value, "v1,g0hM")
		return good >= 0 && (at < good || at >= good+len("v1,")+44)
	case "X-Hook0-Signature":
		i := strings.Index(value, ",h=")
		return i >= 0 && at >= i
	case "Box-Signature-Secondary":
		return true
	case "Webhook-Signature": // a decoy of zeros first, as during a rotation
		return strings.HasPrefix(value, "v1,MDAwMDAw") && at <= strings.IndexByte(value, ' ')
	case "Ordergroove-Signature": // that of the other key, during a rotation
		first, last := strings.Index(value, ",sig="), strings.LastIndex(value, ",sig=")
		return first != last && at >= last
	case "Persona-Signature": // the group of the other secret, during a rotation
		return at <= strings.IndexByte(value, ' ')
	case "Cronofy-HMAC-SHA256":
		i := strings.IndexByte(value, ',')
		return i >= 0 && at >= i
	case "X-Hookdeck-Signature": // that of the other secret, during a rotation
		return strings.HasPrefix(value, "mN8x+GLs4Le4")
	case "X-Hmac-Signature": // Veriff's older name, next to the newer one
		return strings.HasPrefix(value, "0f4ce30c72ed7165")
	case "Authorization":
		// and the id of Sinch's key
		if strings.HasPrefix(value, "application ") || strings.HasPrefix(value, "Application ") {
			return at <= strings.IndexByte(value, ':')
		}
		return at < strings.IndexByte(value, ' ') // none where the header is the token itself
	}
	return false
}
