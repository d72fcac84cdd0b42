package httpsig_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

const (
	secret = "a-secret-of-this-test-and-nothing-else"
	hook   = "https://example.com/hooks?a=1&b=x%20y"
	now    = 1772366400
	body   = `{"type":"a"}`
)

func guardAt(t testing.TB, c httpsig.Config, at time.Time, source core.KeySource, accepted ...string) *core.Guard {
	t.Helper()
	config := core.Config{
		Endpoint: "httpsig", Provider: httpsig.RFC9421(c), Keys: source, Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return at },
	}
	if len(accepted) > 0 {
		config.Secrets = secrets.Static(accepted...)
	}
	g, err := core.New(config)
	require.NoError(t, err)
	return g
}

func reasonOf(g *core.Guard, r *http.Request) reason.Reason {
	_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	if reply == nil {
		return ""
	}
	return reply.Rejection.Reason
}

// TestRecordedMessagesGetTheirVerdict checks the requests of RFC 9421, each that it signs, and those that another
// library signed. What a deployment would configure are their components; several leave the body out.
func TestRecordedMessagesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/vectors/rfc9421.json")
	require.NoError(t, err)
	var vectors []struct {
		ID, Method, URL, Expect, Alg, Label, KeyID string
		Headers                                    [][2]string
		Body                                       []byte `json:"body_b64"`
		Public                                     string `json:"public_key"`
		Secret                                     string
		Now                                        int64
		Base                                       string `json:"signature_base"`
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	require.Len(t, vectors, 22)
	for _, v := range vectors {
		c := httpsig.Config{Algorithm: httpsig.Algorithm(v.Alg), Label: v.Label, KeyEncoding: httpsig.Base64,
			DangerouslyLeaveUncovered: true, Methods: []string{"GET"}}
		for line := range strings.Lines(v.Base) {
			if name, _, _ := strings.Cut(line, ": "); !strings.HasPrefix(name, `"@signature-params"`) {
				c.Components = append(c.Components, strings.Replace(name[1:], `"`, "", 1))
			}
		}
		request := func(change func([][2]string) [][2]string, body []byte) *http.Request {
			r := httptest.NewRequest(v.Method, v.URL, strings.NewReader(string(body)))
			for _, h := range change(v.Headers) {
				r.Header.Add(h[0], h[1])
			}
			return r
		}
		same := func(h [][2]string) [][2]string { return h }
		g := guardAt(t, c, time.Unix(v.Now, 0), nil, v.Public+v.Secret)
		require.Equal(t, v.Expect == "valid", reasonOf(g, request(same, v.Body)) == "", v.ID)
		late := reasonOf(guardAt(t, c, time.Unix(v.Now+301, 0), nil, v.Public+v.Secret), request(same, v.Body))
		require.Contains(t, []reason.Reason{reason.Stale, reason.BadSignature}, late, v.ID)
		for i := range v.Headers {
			covered := strings.Contains(v.Base, `"`+strings.ToLower(v.Headers[i][0])+`"`)
			changed := request(func(h [][2]string) [][2]string {
				h = append([][2]string{}, h...)
				h[i][1] = "x" + h[i][1]
				return h
			}, v.Body)
			if covered {
				require.NotEmpty(t, reasonOf(g, changed), "%s with another %s", v.ID, v.Headers[i][0])
			}
		}
		if strings.Contains(v.Base, "content-digest") {
			require.NotEmpty(t, reasonOf(g, request(same, append(v.Body, ' '))), v.ID)
		}
	}
}

func TestRecordedDigests(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/vectors/rfc9530.json")
	require.NoError(t, err)
	var vectors []struct {
		Headers map[string]string
		Body    []byte `json:"body_b64"`
		Expect  string
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		h := http.Header{}
		for name, value := range v.Headers {
			h.Set(name, value)
		}
		require.Equal(t, v.Expect == "valid", httpsig.VerifyContentDigest(h, v.Body) == nil)
		require.Error(t, httpsig.VerifyContentDigest(h, append(v.Body, '\n')))
	}
}

func digests(body string) (s256, s512 string) {
	a, b := sha256.Sum256([]byte(body)), sha512.Sum512([]byte(body))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(a[:]) + ":", "sha-512=:" +
		base64.StdEncoding.EncodeToString(b[:]) + ":"
}

func TestContentDigest(t *testing.T) {
	t.Parallel()
	s256, s512 := digests(body)
	other256, other512 := digests("other")
	for _, row := range []struct {
		name  string
		lines []string
		ok    bool
	}{
		{"sha-256", []string{s256}, true},
		{"sha-512", []string{s512}, true},
		{"both", []string{s256 + ", " + s512}, true},
		{"one of an unknown name next to it", []string{`unixsum=30637, md5=:AAAA:,` + s256}, true},
		{"with a parameter", []string{s256 + ";x=1"}, true},
		{"a comma inside of a text that holds a quote", []string{`note="\",\"", ` + s256}, true},
		{"one of them wrong", []string{s256 + ", " + other512}, false},
		{"the other wrong", []string{other256 + ", " + s512}, false},
		{"of another body", []string{other256}, false},
		{"unknown names alone", []string{"md5=:AAAA:"}, false},
		{"the name in upper case", []string{strings.ToUpper(s256[:7]) + s256[7:]}, false},
		{"the wrong one first, under one name", []string{other256 + ", " + s256}, false},
		{"the same twice", []string{s256 + ", " + s256}, false},
		{"two lines", []string{s256, s512}, false},
		{"no line", nil, false},
		{"empty", []string{""}, false},
		{"a text", []string{`sha-256="` + s256[9:len(s256)-1] + `"`}, false},
		{"a list", []string{"sha-256=(" + s256[8:] + ")"}, false},
		{"half of it", []string{"sha-256=:AAAA:"}, false},
		{"empty bytes", []string{"sha-256=::"}, false},
		{"a flag", []string{"sha-256"}, false},
		{"no base64", []string{"sha-256=:%%%:"}, false},
		{"long", []string{s256 + strings.Repeat(" ", 9000)}, false},
	} {
		require.Equal(t, row.ok,
			httpsig.VerifyContentDigest(http.Header{"Content-Digest": row.lines}, []byte(body)) == nil, row.name)
	}
	err := httpsig.VerifyContentDigest(http.Header{"Content-Digest": {" "}}, []byte(body))
	require.ErrorContains(t, err, "neither sha-256 nor sha-512", "an empty header names nothing twice")
}

func config() httpsig.Config {
	return httpsig.Config{Algorithm: httpsig.HMACSHA256,
		Components: []string{"@method", "@authority", "@path", "content-digest"}}
}

// hmacOf is the MAC of a text that is written down as RFC 9421 writes it.
func hmacOf(base string) string {
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = h.Write([]byte(base))
	return ":" + base64.StdEncoding.EncodeToString(h.Sum(nil)) + ":"
}

func request(input, signature string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, hook, strings.NewReader(body))
	s256, _ := digests(body)
	for name, value := range map[string]string{"Content-Digest": s256, "Signature-Input": input,
		"Signature": signature} {
		r.Header.Set(name, value)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	s256, _ := digests(body)
	covered := "\"@method\": POST\n\"@authority\": example.com\n\"@path\": /hooks\n\"content-digest\": " + s256 + "\n"
	const list = `("@method" "@authority" "@path" "content-digest")`
	at := fmt.Sprintf(";created=%d", now)
	// signed is a delivery with these parameters, and the MAC that fits them.
	signed := func(params string) *http.Request {
		return request("sig1="+list+params, "sig1="+hmacOf(covered+`"@signature-params": `+list+params))
	}
	// over covers other components.
	over := func(lines, list string) *http.Request {
		return request("sig1="+list+at, "sig1="+hmacOf(lines+`"@signature-params": `+list+at))
	}
	good := signed(at)
	doubled := func(name string) *http.Request {
		r := signed(at)
		r.Header.Add(name, r.Header.Get(name))
		return r
	}
	with := func(change func(*httpsig.Config)) httpsig.Config {
		c := config()
		change(&c)
		return c
	}
	broken := over(covered+"\"x-a\": 1\n\"x-b\": 2\n", `("@method" "@authority" "@path" "content-digest" "x-a")`)
	broken.Header.Set("X-A", "1\n\"x-b\": 2")
	halfDigest := over(strings.Replace(covered, s256, "sha-256=@", 1), list)
	halfDigest.Header.Set("Content-Digest", "sha-256=@")
	tagged := with(func(c *httpsig.Config) { c.Tag = "webhook" })
	labelled := with(func(c *httpsig.Config) { c.Label = "b" })
	nonce := with(func(c *httpsig.Config) { c.RequireNonce = true })
	two := func(first, second string) *http.Request {
		sigOf := func(p string) string { return hmacOf(covered + `"@signature-params": ` + list + p) }
		return request("a="+list+first+", b="+list+second, "a="+sigOf(first)+", b="+sigOf(second))
	}
	const (
		bad, malformed, missing = reason.BadSignature, reason.MalformedSignature, reason.MissingSignature
		repeated                = reason.RepeatedHeader
	)
	rows := []struct {
		name   string
		config httpsig.Config
		r      *http.Request
		want   reason.Reason
	}{
		{"genuine", config(), good, ""},
		{"all parameters", config(),
			signed(at + fmt.Sprintf(`;expires=%d;keyid="k";alg="hmac-sha256";nonce="n";tag="t"`, now+1)), ""},
		{"spaces that mean nothing", config(),
			request("sig1="+strings.ReplaceAll(list, " ", "  ")+at, good.Header.Get("Signature")), ""},
		{"parameters that hold a quote and a backslash", config(), signed(at + `;keyid="\\\"a\\";nonce="\""`), ""},
		{"a covered name that holds a quote and a backslash", config(),
			over(covered+"\"@query-param\";name=\"b\": x%20y\n", `("@method" "@authority" "@path" "content-digest" "@query-param";name="b\"\\")`), missing},
		{"more covered than is asked for", config(), over(covered+"\"@query\": ?a=1&b=x%20y\n\"@scheme\": "+
			"https\n\"@request-target\": /hooks?a=1&b=x%20y\n\"@target-uri\": "+hook+
			"\n\"@query-param\";name=\"b\": x%20y\n",
			`("@method" "@authority" "@path" "content-digest" "@query" "@scheme" "@request-target" "@target-uri" "@query-param";name="b")`), ""},

		{"another algorithm in the parameters", config(), signed(at + `;alg="ed25519"`), malformed},
		{"no time", config(), signed(""), reason.MissingTimestamp},
		{"too old", config(), signed(fmt.Sprintf(";created=%d", now-301)), reason.Stale},
		{"at the edge", config(), signed(fmt.Sprintf(";created=%d", now-300)), ""},
		{"of the future", config(), signed(fmt.Sprintf(";created=%d", now+301)), reason.Early},
		{"expired", config(), signed(at + fmt.Sprintf(";expires=%d", now)), reason.Stale},
		{"a time that is a text", config(), signed(fmt.Sprintf(`;created="%d"`, now)), malformed},
		{"a time that is a fraction", config(), signed(fmt.Sprintf(";created=%d.5", now)), malformed},
		{"a time that is negative", config(), signed(";created=-1"), malformed},
		{"the time twice: the last one counts, and is signed", config(),
			signed(fmt.Sprintf(";created=%d;created=%d", now, now)), bad},
		{"an unknown parameter", config(), signed(at + ";x=1"), malformed},
		{"no nonce where one is needed", nonce, signed(at), missing},
		{"a nonce", nonce, signed(at + `;nonce="n"`), ""},
		{"a line break in a field", config(), broken, missing},

		{"no input", config(), request("", good.Header.Get("Signature")), missing},
		{"no signature", config(), request(good.Header.Get("Signature-Input"), ""), missing},
		{"the input twice", config(), doubled("Signature-Input"), repeated},
		{"the signature twice", config(), doubled("Signature"), repeated},
		{"the digest twice", config(), doubled("Content-Digest"), bad},
		{"a signature of another label", config(),
			request(good.Header.Get("Signature-Input"), "sig2"+good.Header.Get("Signature")[4:]), missing},
		{"the label twice", config(),
			request(good.Header.Get("Signature-Input")+", sig1=()"+at, good.Header.Get("Signature")), malformed},
		{"the label twice, the right one last", config(),
			request("sig1=()"+at+", "+good.Header.Get("Signature-Input"), good.Header.Get("Signature")), malformed},
		{"two signatures of one label", config(),
			request(good.Header.Get("Signature-Input"), "sig1=:AAAA:, "+good.Header.Get("Signature")), malformed},
		{"an input that is no list", config(), request("sig1=1"+at, good.Header.Get("Signature")), malformed},
		{"an input that is no dictionary", config(), request("((", good.Header.Get("Signature")), malformed},
		{"an input that is half a date", config(), request("sig1=@", good.Header.Get("Signature")), malformed},
		{"an input whose parameter is half a date", config(), request("sig1=("+at+";x=@", good.Header.Get("Signature")),
			malformed},
		{"an input that covers half a date", config(), request("sig1=(@", good.Header.Get("Signature")), malformed},
		{"a signature that is half a date", config(), request(good.Header.Get("Signature-Input"), "sig1=@"), malformed},
		{"a digest that is half a date", config(), halfDigest, bad},
		{"a signature that is a text", config(), request(good.Header.Get("Signature-Input"), `sig1="AAAA"`), malformed},
		{"a signature that is a list", config(), request(good.Header.Get("Signature-Input"), "sig1=(:AAAA:)"),
			malformed},
		{"an empty signature", config(), request(good.Header.Get("Signature-Input"), "sig1=::"), bad},
		{"many labels", config(), request("a=(),b=(),c=(),d=(),e=(),f=(),g=(),h=(),i=()", good.Header.Get("Signature")),
			malformed},
		{"a long input", config(),
			request(good.Header.Get("Signature-Input")+strings.Repeat(" ", 9000), good.Header.Get("Signature")),
			malformed},

		{"nothing covered", config(), over("", "()"), bad},
		{"no digest covered", config(),
			over(strings.Replace(covered, `"content-digest": `+s256+"\n", "", 1), `("@method" "@authority" "@path")`),
			bad},
		{"a component twice", config(),
			over(covered+"\"@method\": POST\n", `("@method" "@authority" "@path" "content-digest" "@method")`),
			malformed},
		{"a header that is not there", config(),
			over(covered+"\"x-none\": \n", `("@method" "@authority" "@path" "content-digest" "x-none")`), missing},
		{"a component of answers", config(),
			over(covered+"\"@status\": 200\n", `("@method" "@authority" "@path" "content-digest" "@status")`),
			malformed},
		{"a component in upper case", config(),
			over(covered+"\"Date\": x\n", `("@method" "@authority" "@path" "content-digest" "Date")`), malformed},
		{"a component of another request", config(),
			over(covered+"\"@method\";req: POST\n", `("@method" "@authority" "@path" "content-digest" "@method";req)`),
			malformed},
		{"a component in another form", config(),
			over(covered+"\"date\";bs: x\n", `("@method" "@authority" "@path" "content-digest" "date";bs)`), malformed},
		{"a component that is a token", config(), request("sig1=(date)"+at, good.Header.Get("Signature")), malformed},
		{"the signature's own parameters", config(),
			over(covered+"\"@signature-params\": x\n",
				`("@method" "@authority" "@path" "content-digest" "@signature-params")`), malformed},
		{"a parameter of the query that is not there", config(),
			over(covered+"\"@query-param\";name=\"c\": x\n",
				`("@method" "@authority" "@path" "content-digest" "@query-param";name="c")`), missing},
		{"a parameter of the query without a name", config(),
			over(covered+"\"@query-param\": x\n", `("@method" "@authority" "@path" "content-digest" "@query-param")`),
			malformed},

		{"two, of which none is chosen", config(), two(at, at), malformed},
		{"two, the label chooses", labelled, two(at, at), ""},
		{"a label that is not there", labelled, good, missing},
		{"two, the tag chooses", tagged, two(at+`;tag="other"`, at+`;tag="webhook"`), ""},
		{"two with the tag", tagged, two(at+`;tag="webhook"`, at+`;tag="webhook"`), malformed},
		{"no tag", tagged, good, missing},
		{"a tag that is a token", tagged, signed(at + ";tag=webhook"), missing},
	}
	for _, row := range rows {
		g := guardAt(t, row.config, time.Unix(now, 0), nil, secret)
		require.Equal(t, row.want, reasonOf(g, row.r), row.name)
	}
	g := guardAt(t, config(), time.Unix(now, 0), nil, secret)
	for why, change := range map[string]func(*http.Request){
		"another method": func(r *http.Request) { r.Method = http.MethodPut },
		"another host":   func(r *http.Request) { r.Host = "example.org" },
		"another path":   func(r *http.Request) { r.URL.Path, r.RequestURI = "/other", "/other" },
		"another body":   func(r *http.Request) { *r = *changed(r) },
	} {
		r := signed(at)
		change(r)
		require.NotEmpty(t, reasonOf(g, r), why)
	}
}

func changed(r *http.Request) *http.Request {
	c := httptest.NewRequest(r.Method, hook, strings.NewReader(body+" "))
	c.Header = r.Header
	return c
}

func TestEveryAlgorithm(t *testing.T) {
	t.Parallel()
	for _, alg := range []httpsig.Algorithm{httpsig.HMACSHA256, httpsig.Ed25519, httpsig.ECDSAP256SHA256,
		httpsig.RSAPSSSHA512, httpsig.RSAv15SHA256} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			c := config()
			c.Algorithm = alg
			p := httpsig.RFC9421(c)
			configured, right, wrong := secret, secret, "another-secret-of-this-test-and-no-more"
			if alg != httpsig.HMACSHA256 {
				configured, right = webhooktest.KeyPair(p)
				_, wrong = webhooktest.KeyPair(p)
			}
			g := guardAt(t, c, time.Unix(now, 0), nil, configured)
			sign := func(key string) *http.Request {
				return webhooktest.NewRequest(p, key, hook, body,
					time.Unix(now, 0))
			}
			r := sign(right)
			require.Empty(t, reasonOf(g, r))
			require.Equal(t, reason.BadSignature, reasonOf(g, sign(wrong)))
			for _, degenerate := range [][]byte{make([]byte, 64), make([]byte, 256), {}, {1}, make([]byte, 600)} {
				r := sign(right)
				r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(degenerate)+":")
				require.Equal(t, reason.BadSignature, reasonOf(g, r))
			}
			one := sign(right).Header
			raw, err := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimPrefix(one.Get("Signature"), "sig1="),
				":"))
			require.NoError(t, err)
			for at := range len(raw) + 1 { // a zero more at any place is another form of the same numbers, or none
				r := sign(right)
				r.Header = one.Clone()
				r.Header.Set("Signature", "sig1=:"+
					base64.StdEncoding.EncodeToString(slices.Insert(slices.Clone(raw), at, 0))+":")
				require.Equal(t, reason.BadSignature, reasonOf(g, r), "a zero at %d", at)
				if at > 40 {
					break
				}
			}
			for _, other := range []httpsig.Algorithm{httpsig.HMACSHA256, httpsig.Ed25519, httpsig.ECDSAP256SHA256,
				httpsig.RSAPSSSHA512, httpsig.RSAv15SHA256} {
				c := config()
				c.Algorithm = other
				_, err := core.New(core.Config{Endpoint: "x", Provider: httpsig.RFC9421(c),
					Secrets: secrets.Static(configured), Replay: core.DangerouslyNoReplay,
					Logger: slog.New(slog.DiscardHandler)})
				rsaPair := strings.HasPrefix(string(alg), "rsa") && strings.HasPrefix(string(other), "rsa")
				if alg == other || rsaPair {
					require.NoError(t, err)
				} else if other != httpsig.HMACSHA256 {
					require.Error(t, err, "a key of another algorithm: %s", other)
				}
				if rsaPair && alg != other {
					require.Equal(t, reason.BadSignature,
						reasonOf(guardAt(t, c, time.Unix(now, 0), nil, configured), sign(right)))
				}
			}
		})
	}
}

// TestAPublicKeyIsNoSecret: whoever configures HMAC with a public key would let everybody sign.
func TestAPublicKeyIsNoSecretOfThisConfig(t *testing.T) {
	t.Parallel()
	ed := httpsig.Config{Algorithm: httpsig.Ed25519, Components: config().Components}
	public, _ := webhooktest.KeyPair(httpsig.RFC9421(ed))
	// MAC keyed with the public key
	r := webhooktest.NewRequest(httpsig.RFC9421(config()), public, hook, body, time.Unix(now, 0))
	require.Equal(t, reason.BadSignature, reasonOf(guardAt(t, ed, time.Unix(now, 0), nil, public), r))
}

type failing struct{ err error }

func (f failing) Key(context.Context, string) (crypto.PublicKey, error) { return nil, f.err }

func TestKeysByTheirID(t *testing.T) {
	t.Parallel()
	c := httpsig.Config{Algorithm: httpsig.Ed25519, Components: config().Components}
	p := httpsig.RFC9421(c)
	public, private := webhooktest.KeyPair(p)
	key, err := keys.ParsePEM([]byte(public))
	require.NoError(t, err)
	r := func() *http.Request { return webhooktest.NewRequest(p, private, hook, body, time.Unix(now, 0)) }
	source, err := keys.Static(map[string]crypto.PublicKey{"test-key": key})
	require.NoError(t, err)
	require.Empty(t, reasonOf(guardAt(t, c, time.Unix(now, 0), source), r()))
	source, err = keys.Static(map[string]crypto.PublicKey{"other": key})
	require.NoError(t, err)
	require.Equal(t, reason.BadSignature, reasonOf(guardAt(t, c, time.Unix(now, 0), source), r()))
	require.Equal(t, reason.KeysUnavailable,
		reasonOf(guardAt(t, c, time.Unix(now, 0), failing{errors.New("no answer")}), r()))
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for _, odd := range []crypto.PublicKey{small.Public(), ed25519.PublicKey(make([]byte, 32)),
		ed25519.PublicKey("short"), nil, "text"} {
		require.Equal(t, reason.BadSignature, reasonOf(guardAt(t, c, time.Unix(now, 0), odds{odd}), r()), "%T", odd)
	}
}

type odds struct{ key crypto.PublicKey }

func (o odds) Key(context.Context, string) (crypto.PublicKey, error) { return o.key, nil }

func TestMistakesInTheConfig(t *testing.T) {
	t.Parallel()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(weak.Public())
	require.NoError(t, err)
	weakPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	rows := []struct {
		name   string
		change func(*httpsig.Config)
		secret string
		want   string
	}{
		{"no algorithm", func(c *httpsig.Config) { c.Algorithm = "" }, secret, "Algorithm"},
		{"an unknown algorithm", func(c *httpsig.Config) { c.Algorithm = "none" }, secret, "Algorithm"},
		{"no components", func(c *httpsig.Config) { c.Components = nil }, secret, "content-digest"},
		{"no digest", func(c *httpsig.Config) { c.Components = []string{"@target-uri"} }, secret, "content-digest"},
		{"no endpoint", func(c *httpsig.Config) { c.Components = []string{"content-digest"} }, secret, "@authority"},
		{"a component twice", func(c *httpsig.Config) { c.Components = append(c.Components, "@method") }, secret,
			"twice"},
		{"an unknown component", func(c *httpsig.Config) { c.Components = append(c.Components, "@status") }, secret,
			"no component"},
		{"a component in upper case", func(c *httpsig.Config) { c.Components = append(c.Components, "Date") }, secret,
			"lower case"},
		{"a component with a parameter", func(c *httpsig.Config) { c.Components = append(c.Components, "date;bs") },
			secret, "lower case"},
		{"a query parameter without its name",
			func(c *httpsig.Config) { c.Components = append(c.Components, "@query-param") }, secret, "@query-param"},
		{"an unknown encoding", func(c *httpsig.Config) { c.KeyEncoding = "rot13" }, secret, "KeyEncoding"},
		{"a method that has no body to sign", func(c *httpsig.Config) { c.Methods = []string{"DELETE"} }, secret,
			"Methods"},
		{"a negative tolerance", func(c *httpsig.Config) { c.Tolerance = -1 }, secret, "Tolerance"},
		{"a place that is none", func(c *httpsig.Config) { c.EventType = "type" }, secret, "pointer"},
		{"an identity in a header", func(c *httpsig.Config) { c.IdentityPointer = "header:X-Id" }, secret, "pointer"},
		{"a short secret", func(*httpsig.Config) {}, "short", "16 bytes"},
		{"a secret that is no base64", func(c *httpsig.Config) { c.KeyEncoding = httpsig.Base64 },
			"no base64, but no placeholder either", "base64"},
		{"a secret where a key is needed", func(c *httpsig.Config) { c.Algorithm = httpsig.Ed25519 }, secret, "PEM"},
		{"a weak key", func(c *httpsig.Config) { c.Algorithm = httpsig.RSAPSSSHA512 }, weakPEM, "2048"},
	}
	for _, row := range rows {
		c := config()
		row.change(&c)
		_, err := core.New(core.Config{Endpoint: "x", Provider: httpsig.RFC9421(c), Secrets: secrets.Static(row.secret),
			Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, row.want, row.name)
	}
	c := config()
	p := httpsig.RFC9421(c)
	c.Components[0] = "@status" // a config is copied
	_, err = core.New(core.Config{Endpoint: "x", Provider: p, Secrets: secrets.Static(secret),
		Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
}

func TestEventsOfASigner(t *testing.T) {
	t.Parallel()
	c := config()
	c.EventType, c.EventID, c.IdentityPointer = "header:X-Type", "/id", "/id"
	p := httpsig.RFC9421(c)
	r := httptest.NewRequest(http.MethodPost, hook, strings.NewReader(`{"id":"7"}`))
	r.Header.Set("X-Type", "a.b")
	require.NoError(t, webhooktest.Sign(r, p, secret, time.Unix(now, 0)))
	d, reply := guardAt(t, c, time.Unix(now, 0), nil, secret).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.Nil(t, reply)
	e := d.Events()[0]
	require.Equal(t, []string{"7", "a.b"}, []string{e.ID, e.Type})
	require.True(t, e.Authenticated.ID)

	// Where the body is not covered, an event is remembered by what is, whatever the time.
	open := httpsig.Config{Algorithm: httpsig.HMACSHA256, Components: []string{"@method", "x-id"},
		DangerouslyLeaveUncovered: true}
	identity := func(id string, at int64) string {
		r := httptest.NewRequest(http.MethodPost, hook, strings.NewReader("{}"))
		r.Header.Set("X-Id", id)
		require.NoError(t, webhooktest.Sign(r, httpsig.RFC9421(open), secret, time.Unix(at, 0)))
		d, reply := guardAt(t, open, time.Unix(now, 0), nil, secret).Receive(httptest.NewRecorder(), r,
			adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0].Identity.String()
	}
	require.Equal(t, identity("1", now), identity("1", now-60))
	require.NotEqual(t, identity("1", now), identity("2", now))
	open.RequireNonce = true
	require.NotEqual(t, identity("1", now), identity("1", now-60), "a nonce is another event's")
}

func TestDeliveriesThatAreEqualInAllThatIsCoveredAreTwoEvents(t *testing.T) {
	t.Parallel()
	identity := func(t *testing.T, c *httpsig.Config, method, text string, at int64) string {
		t.Helper()
		r := httptest.NewRequest(method, hook, strings.NewReader(text))
		require.NoError(t, webhooktest.Sign(r, httpsig.RFC9421(*c), secret, time.Unix(at, 0)))
		d, reply := guardAt(t, *c, time.Unix(now, 0), nil, secret).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0].Identity.String()
	}
	for _, row := range []struct {
		name       string
		method     string
		components []string
		body       string
		same       bool // a minute later
	}{
		{"a GET without a nonce", "GET", []string{"@method", "@authority", "@path", "content-digest"}, "", false},
		{"a GET whose query is covered", "GET", []string{"@target-uri", "content-digest"}, "", false},
		{"a GET with a header that every request has", "GET", []string{"@authority", "content-digest", "content-type"},
			"", false},
		{"a GET with a header of its own", "GET", []string{"@authority", "content-digest", "x-id"}, "", true},
		{"a POST without a body", "POST", []string{"@authority", "content-digest"}, "", false},
		{"a POST whose body is not covered", "POST", []string{"@method", "@authority"}, `{"n":1}`, false},
		{"a POST whose body is covered", "POST", []string{"@authority", "content-digest"}, `{"n":1}`, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := &httpsig.Config{
				Algorithm: httpsig.HMACSHA256, Components: row.components, Methods: []string{"GET"},
				DangerouslyLeaveUncovered: true,
			}
			first := identity(t, c, row.method, row.body, now)
			require.Equal(t, first, identity(t, c, row.method, row.body, now), "sent again")
			require.Equal(t, row.same, first == identity(t, c, row.method, row.body, now-60))
		})
	}
}
