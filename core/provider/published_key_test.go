package provider_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// host is a transport that serves one text for every URL and records what it was asked for.
type host struct {
	mu    sync.Mutex
	text  string
	code  int
	asked []string
}

func (h *host) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, r.URL.String())
	code := h.code
	if code == 0 {
		code = http.StatusOK
	}
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(h.text)),
		Request: r}, nil
}

func (h *host) requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.asked...)
}

// certified issues a certificate for the key under that name, by an authority of its own.
func certified(t testing.TB, key *rsa.PrivateKey, name string, at time.Time) (text string, roots *x509.CertPool) {
	t.Helper()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: at.Add(-time.Hour), NotAfter: at.Add(1000 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: at.Add(-time.Hour), NotAfter: at.Add(100 * time.Hour), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	authority, _ := rsaKey(t, 3)
	der, err := x509.CreateCertificate(rand.Reader, root, root, authority.Public(), authority)
	require.NoError(t, err)
	parent, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots = x509.NewCertPool()
	roots.AddCert(parent)
	der, err = x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), authority)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), roots
}

func fetching(t testing.TB, p core.Provider, source core.KeySource) *core.Guard {
	t.Helper()
	g, err := core.New(core.Config{
		Endpoint: "fetching", Provider: p, Keys: source, Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler),
		Now:    func() time.Time { return time.Unix(ownTime, 0) }, DangerouslyAllowHTTP: true,
	})
	require.NoError(t, err)
	return g
}

func options(h *host, roots *x509.CertPool) keys.Options {
	return keys.Options{RoundTripper: h, Roots: roots, Now: func() time.Time { return time.Unix(ownTime, 0) }}
}

func TestSNSKeysAreFetchedFromAmazonAlone(t *testing.T) {
	t.Parallel()
	key, _ := rsaKey(t, 1)
	text, roots := certified(t, key, "sns.amazonaws.com", time.Unix(ownTime, 0))
	h := &host{text: text}
	source, err := keys.SNSCertificates([]string{snsTopic}, options(h, roots))
	require.NoError(t, err)
	g := fetching(t, sns(snsTopic), source)
	for range 3 {
		require.Empty(t, reasonOf(g, snsPost(snsSign(t, key, snsMessage()))))
	}
	require.Equal(t, []string{snsCert}, h.requests())
	other, _ := rsaKey(t, 2)
	require.Equal(t, reason.BadSignature, reasonOf(g, snsPost(snsSign(t, other, snsMessage()))))
	require.Equal(t, reason.WrongRecipient, reasonOf(g, snsPost(snsSign(t, key, snsMessage("TopicArn", snsTopic+"2")))))
	require.Len(t, h.requests(), 1)

	down := &host{code: 500}
	source, err = keys.SNSCertificates([]string{snsTopic}, options(down, roots))
	require.NoError(t, err)
	require.Equal(t, reason.KeysUnavailable,
		reasonOf(fetching(t, sns(snsTopic), source), snsPost(snsSign(t, key, snsMessage()))))

	_, err = core.New(core.Config{Endpoint: "x", Provider: sns(snsTopic), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "Keys")
}

// TestNoSigningCertURLOfASendersChoiceIsFetched: a message is signed with the sender's own key, and says where the
// certificate for it is. Not one request leaves.
func TestNoSigningCertURLOfASendersChoiceIsFetched(t *testing.T) {
	t.Parallel()
	key, _ := rsaKey(t, 2)
	const name = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	cases := map[string]string{
		"plain HTTP":                  "http://sns.eu-west-1.amazonaws.com" + name,
		"another host":                "https://evil.example" + name,
		"a bucket called sns":         "https://sns.s3-us-west-2.amazonaws.com" + name,
		"a bucket, in its newer form": "https://sns.s3.eu-west-1.amazonaws.com" + name,
		"a bucket in the path":        "https://s3.amazonaws.com/sns" + name,
		"the host as a prefix":        "https://sns.eu-west-1.amazonaws.com.evil.example" + name,
		"the host as a suffix":        "https://evil-sns.eu-west-1.amazonaws.com" + name,
		"the host as a user":          "https://sns.eu-west-1.amazonaws.com@evil.example" + name,
		"a user at the host":          "https://a:b@sns.eu-west-1.amazonaws.com" + name,
		"a port":                      "https://sns.eu-west-1.amazonaws.com:8443" + name,
		"the usual port, written out": "https://sns.eu-west-1.amazonaws.com:443" + name,
		"a query":                     "https://sns.eu-west-1.amazonaws.com" + name + "?x=1",
		"a query that ends well":      "https://sns.eu-west-1.amazonaws.com/?x=" + name,
		"a fragment":                  "https://sns.eu-west-1.amazonaws.com" + name + "#x",
		"a fragment that ends well":   "https://sns.eu-west-1.amazonaws.com/#" + name,
		"a backslash":                 `https://evil.example\@sns.eu-west-1.amazonaws.com` + name,
		"upper case":                  "https://SNS.eu-west-1.amazonaws.com" + name,
		"a dot after the host":        "https://sns.eu-west-1.amazonaws.com." + name,
		"letters that look alike":     "https://sns.eu-west-1.amazonaws.cоm" + name,
		"another region":              "https://sns.us-east-1.amazonaws.com" + name,
		"China's domain":              "https://sns.eu-west-1.amazonaws.com.cn" + name,
		"no region":                   "https://sns.amazonaws.com" + name,
		"an address":                  "https://169.254.169.254" + name,
		"the loopback":                "https://127.0.0.1" + name,
		"another path":                "https://sns.eu-west-1.amazonaws.com/anything.pem",
		"another suffix":              "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.crt",
		"a path that climbs":          "https://sns.eu-west-1.amazonaws.com/x/.." + name,
		"an escaped path":             "https://sns.eu-west-1.amazonaws.com/%53impleNotificationService-0123456789abcdef0123456789abcdef.pem",
		"a path with a hole":          "https://sns.eu-west-1.amazonaws.com/" + name,
		"a line feed":                 "https://sns.eu-west-1.amazonaws.com" + name + "\n",
		"white space before":          " https://sns.eu-west-1.amazonaws.com" + name,
		"an action of the API":        "https://sns.eu-west-1.amazonaws.com/?Action=GetTopicAttributes" + name,
		"no scheme":                   "//sns.eu-west-1.amazonaws.com" + name,
		"a file":                      "file:///etc/passwd.pem",
		"a long one": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-" +
			strings.Repeat("a", 4000) + ".pem",
		"nothing": "",
		"a host that only ends with amazonaws.com": "https://sns.evil.amazonaws.com" + name,
	}
	require.GreaterOrEqual(t, len(cases), 26)
	for _, p := range []core.Provider{sns(snsTopic),
		provider.AmazonSES(provider.SNSConfig{Topics: []string{snsTopic}})} {
		for why, certURL := range cases {
			h := &host{}
			source, err := keys.SNSCertificates([]string{snsTopic}, options(h, nil))
			require.NoError(t, err)
			for _, kind := range []string{"Notification", "SubscriptionConfirmation"} {
				body := snsSign(t, key,
					snsMessage("SigningCertURL", certURL, "Type", kind, "Token", "a", "SubscribeURL", certURL))
				why := reasonOf(fetching(t, p, source), snsPost(body))
				require.Contains(t, []reason.Reason{reason.BadSignature, reason.MissingSignature,
					reason.MalformedSignature}, why, why)
			}
			require.Empty(t, h.requests(), why)
		}
	}
}

func TestASubscriptionIsConfirmedAtTheTopicsRegion(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	h := &host{text: "<ConfirmSubscriptionResponse/>"}
	confirm, err := keys.SNSConfirm([]string{snsTopic}, options(h, nil))
	require.NoError(t, err)
	p := provider.AWSSNS(provider.SNSConfig{Topics: []string{snsTopic}, Confirm: confirm})
	g := guardOf(t, p, public, time.Unix(ownTime, 0))
	send := func(token, topic string) int {
		body := snsSign(t, key, snsMessage("Type", "SubscriptionConfirmation", "TopicArn", topic, "Token", token,
			"SubscribeURL", "http://169.254.169.254/latest/meta-data/"))
		_, reply := g.Receive(httptest.NewRecorder(), snsPost(body), adapter.Inbound{})
		return reply.Status
	}
	require.Equal(t, 200, send("abc", snsTopic))
	require.Equal(t, 200, send("abc", snsTopic), "a retry asks for nothing again")
	require.Equal(t, 503, send("def", snsTopic), "not twice within seconds")
	require.Equal(t, 503, send("abc", snsTopic+"2"))
	require.Equal(t, 503, send("a&Action=DeleteTopic", snsTopic))
	require.Equal(t, []string{
		"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc&TopicArn=" +
			url.QueryEscape(snsTopic),
	}, h.requests())

	moved := &host{code: http.StatusFound}
	confirm, err = keys.SNSConfirm([]string{snsTopic}, options(moved, nil))
	require.NoError(t, err)
	require.ErrorContains(t, confirm(t.Context(), snsTopic, "abc"), "redirect")
	require.ErrorContains(t, confirm(t.Context(), snsTopic+"2", "abc"), "not one of those that are configured")
	require.Len(t, moved.requests(), 1)
	const token = "token-of-a-confirmation"
	fails := func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("no route")}
	}
	for why, o := range map[string]keys.Options{
		"down": {RoundTripper: roundTrip(fails)}, "moved": options(&host{code: http.StatusFound}, nil),
		"gone": options(&host{code: http.StatusNotFound}, nil),
		"full": options(&host{text: strings.Repeat("x", 2<<20)}, nil),
	} {
		confirm, err = keys.SNSConfirm([]string{snsTopic}, o)
		require.NoError(t, err)
		err = confirm(t.Context(), snsTopic, token)
		require.ErrorContains(t, err, "sns.eu-west-1.amazonaws.com", why)
		require.NotContains(t, err.Error(), token, why)
	}
	_, err = keys.SNSConfirm([]string{"arn:aws:sns:s3-us-west-2:123456789012:x", "nonsense"}, keys.Options{})
	require.Error(t, err)
	_, err = keys.SNSConfirm(nil, keys.Options{})
	require.Error(t, err)
}

const (
	paypalWebhook = "8PT597110X687430LKGECATA"
	paypalCert    = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"
)

// paypalSign signs by the documented formula, written down here on its own.
func paypalSign(t testing.TB, key *rsa.PrivateKey, id, at, webhook, body string, changes ...string) *http.Request {
	t.Helper()
	text := fmt.Sprintf("%s|%s|%s|%d", id, at, webhook, crc32.ChecksumIEEE([]byte(body)))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	for name, value := range map[string]string{
		"PAYPAL-TRANSMISSION-ID": id, "PAYPAL-TRANSMISSION-TIME": at, "PAYPAL-CERT-URL": paypalCert,
		"PAYPAL-AUTH-ALGO":        "SHA256withRSA",
		"PAYPAL-TRANSMISSION-SIG": base64.StdEncoding.EncodeToString(signature), "Content-Type": "application/json",
	} {
		r.Header.Set(name, value)
	}
	for i := 0; i < len(changes); i += 2 {
		r.Header.Set(changes[i], changes[i+1])
	}
	return r
}

func TestPayPal(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	other, _ := rsaKey(t, 2)
	const id, body = "d938e770-8046-11e6-8103-6b62a8a99ac4",
		`{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED","resource":{"id":"1"}}`
	stamp := func(d time.Duration) string { return time.Unix(ownTime, 0).Add(d).UTC().Format(time.RFC3339) }
	rows := []struct {
		name string
		r    *http.Request
		want reason.Reason
	}{
		{"genuine", paypalSign(t, key, id, stamp(0), paypalWebhook, body), ""},
		{"the last retry", paypalSign(t, key, id, stamp(-72*time.Hour), paypalWebhook, body), ""},
		{"older", paypalSign(t, key, id, stamp(-73*time.Hour), paypalWebhook, body), reason.Stale},
		{"of the future", paypalSign(t, key, id, stamp(6*time.Minute), paypalWebhook, body), reason.Early},
		{"another key", paypalSign(t, other, id, stamp(0), paypalWebhook, body), reason.BadSignature},
		{"somebody else's webhook", paypalSign(t, key, id, stamp(0), "1JE4291016473214C", body), reason.BadSignature},
		{"an id that takes the time in", paypalSign(t, key, id+"|"+stamp(0), stamp(0), paypalWebhook, body),
			reason.MalformedSignature},
		{"SHA-1", paypalSign(t, key, id, stamp(0), paypalWebhook, body, "PAYPAL-AUTH-ALGO", "SHA1withRSA"),
			reason.MissingSignature},
		{"no algorithm", paypalSign(t, key, id, stamp(0), paypalWebhook, body, "PAYPAL-AUTH-ALGO", ""),
			reason.MissingSignature},
		{"no id", paypalSign(t, key, id, stamp(0), paypalWebhook, body, "PAYPAL-TRANSMISSION-ID", ""),
			reason.MissingSignature},
		{"no time", paypalSign(t, key, id, stamp(0), paypalWebhook, body, "PAYPAL-TRANSMISSION-TIME", ""),
			reason.MissingTimestamp},
		{"another id", paypalSign(t, key, id, stamp(0), paypalWebhook, body, "PAYPAL-TRANSMISSION-ID", id[1:]),
			reason.BadSignature},
		{"another time", paypalSign(t, key, id, stamp(0), paypalWebhook, body, "PAYPAL-TRANSMISSION-TIME",
			stamp(time.Second)), reason.BadSignature},
	}
	for _, row := range rows {
		g := guardOf(t, provider.PayPal(paypalWebhook), public, time.Unix(ownTime, 0))
		require.Equal(t, row.want, reasonOf(g, row.r), row.name)
	}
	g := guardOf(t, provider.PayPal(paypalWebhook), public, time.Unix(ownTime, 0))
	for i := range body {
		for bit := range 8 {
			changed := []byte(body)
			changed[i] ^= 1 << bit
			r := paypalSign(t, key, id, stamp(0), paypalWebhook, body)
			r.Body = io.NopCloser(strings.NewReader(string(changed)))
			require.Equal(t, reason.BadSignature, reasonOf(g, r))
		}
	}
	d, reply := g.Receive(httptest.NewRecorder(), paypalSign(t, key, id, stamp(0), paypalWebhook, body),
		adapter.Inbound{})
	require.Nil(t, reply)
	e := d.Events()[0]
	require.Equal(t, []string{"WH-1", "PAYMENT.SALE.COMPLETED", `{"id":"1"}`}, []string{e.ID, e.Type, string(e.Data)})
	require.False(t, e.Authenticated.ID || e.Authenticated.Type, "a CRC vouches for nothing")

	for _, webhook := range []string{"", "a|b", "a b", "WH/1"} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: provider.PayPal(webhook),
			Secrets: secrets.Static(public), Replay: core.DangerouslyNoReplay})
		require.ErrorContains(t, err, "webhook")
	}
}

// TestPayPalRemembersTheEventAndNotItsTransmission holds what the entry says of itself: a retry that is a transmission
// of its own is the same event, and a body that was made to have the CRC of a genuine one is another.
func TestPayPalRemembersTheEventAndNotItsTransmission(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	require.Equal(t, crc32.ChecksumIEEE([]byte(paypalBody)), crc32.ChecksumIEEE([]byte(paypalForged)))
	g := guardOf(t, provider.PayPal(paypalWebhook), public, time.Unix(ownTime, 0))
	at := time.Unix(ownTime, 0).UTC().Format(time.RFC3339)
	event := func(r *http.Request) core.Event {
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0]
	}
	genuine := event(paypalSign(t, key, transmission, at, paypalWebhook, paypalBody))
	retried := event(paypalSign(t, key, anotherTransmission, at, paypalWebhook, paypalBody))
	require.Equal(t, genuine.Identity, retried.Identity)
	r := paypalSign(t, key, transmission, at, paypalWebhook, paypalBody)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(paypalForged)), int64(len(paypalForged))
	other := event(r)
	require.NotEqual(t, genuine.Identity, other.Identity)
	require.False(t, other.Authenticated.ID, "a CRC vouches for nothing")
}

func TestPayPalsKeysAreFetchedFromPayPalAlone(t *testing.T) {
	t.Parallel()
	key, _ := rsaKey(t, 1)
	text, roots := certified(t, key, "messageverificationcerts.paypal.com", time.Unix(ownTime, 0))
	h := &host{text: text}
	source, err := keys.Certificates(keys.PayPal(false), options(h, roots))
	require.NoError(t, err)
	g := fetching(t, provider.PayPal(paypalWebhook), source)
	at := time.Unix(ownTime, 0).UTC().Format(time.RFC3339)
	post := func(certURL string) reason.Reason {
		return reasonOf(g, paypalSign(t, key, "a-1", at, paypalWebhook, `{}`, "PAYPAL-CERT-URL", certURL))
	}
	require.Empty(t, post(paypalCert))
	require.Equal(t, []string{paypalCert}, h.requests())
	for _, certURL := range []string{
		"", "http" + paypalCert[5:], strings.Replace(paypalCert, "api.", "api.sandbox.", 1),
		strings.Replace(paypalCert, "api.", "evil.", 1),
		strings.Replace(paypalCert, "paypal.com", "paypal.com.evil.example", 1),
		strings.Replace(paypalCert, "paypal", "evil-paypal", 1),
		paypalCert + "?x=1", paypalCert + "/../../x", strings.Replace(paypalCert, "certs/", "certs/../", 1),
		strings.Replace(paypalCert, "api.paypal.com", "api.paypal.com@evil.example", 1),
		strings.Replace(paypalCert, "CERT-", "cert-", 1),
	} {
		require.NotEmpty(t, post(certURL), certURL)
	}
	require.Len(t, h.requests(), 1)

	// A certificate of PayPal's for something else does not sign webhooks.
	text, roots = certified(t, key, "www.paypal.com", time.Unix(ownTime, 0))
	source, err = keys.Certificates(keys.PayPal(false), options(&host{text: text}, roots))
	require.NoError(t, err)
	g = fetching(t, provider.PayPal(paypalWebhook), source)
	require.Equal(t, reason.BadSignature, post(paypalCert))
}

// travisSign signs by the documented formula, written down here on its own.
func travisSign(t testing.TB, key *rsa.PrivateKey, payload string) *http.Request {
	t.Helper()
	sum := sha1.Sum([]byte(payload))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, sum[:])
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(url.Values{"payload": {payload}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Signature", base64.StdEncoding.EncodeToString(signature))
	r.Header.Set("Travis-Repo-Slug", "acme/app")
	return r
}

func TestTravisCI(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	other, _ := rsaKey(t, 2)
	config, err := json.Marshal(map[string]any{"config": map[string]any{"host": "travis-ci.com",
		"notifications": map[string]any{"webhook": map[string]any{"public_key": public}}}})
	require.NoError(t, err)
	h := &host{text: string(config)}
	source, err := keys.TravisCI(options(h, nil))
	require.NoError(t, err)
	g := fetching(t, provider.TravisCI("acme/app", "acme/lib"), source)
	const mine = `{"type":"push","status_message":"Passed","repository":{"name":"app","owner_name":"acme"}}`
	rows := []struct {
		name string
		r    *http.Request
		want reason.Reason
	}{
		{"genuine", travisSign(t, key, mine), ""},
		{"another key", travisSign(t, other, mine), reason.BadSignature},
		{"somebody else's repository", travisSign(t, key, strings.Replace(mine, "acme", "evil", 1)),
			reason.WrongRecipient},
		{"a repository whose name holds the slash",
			travisSign(t, key, `{"repository":{"owner_name":"acme/app","name":""}}`), reason.WrongRecipient},
		{"no repository", travisSign(t, key, `{"type":"push"}`), reason.WrongRecipient},
		{"no JSON", travisSign(t, key, `x`), reason.WrongRecipient},
	}
	for _, row := range rows {
		require.Equal(t, row.want, reasonOf(g, row.r), row.name)
	}
	require.Equal(t, []string{"https://api.travis-ci.com/config"}, h.requests())
	d, reply := g.Receive(httptest.NewRecorder(), travisSign(t, key, mine), adapter.Inbound{})
	require.Nil(t, reply)
	require.Equal(t, []string{"push", "Passed", mine},
		[]string{d.Events()[0].Type, d.Events()[0].Action, string(d.Events()[0].Payload)})

	require.Empty(t, reasonOf(guardOf(t, provider.TravisCI("acme/app"), public, time.Unix(ownTime, 0)),
		travisSign(t, key, mine)), "offline")
	p := provider.TravisCI("acme/app")
	configured, private := webhooktest.KeyPair(p)
	require.Empty(t, reasonOf(guardOf(t, p, configured, time.Unix(ownTime, 0)),
		webhooktest.NewRequest(p, private, "https://example.com/", mine, time.Unix(ownTime, 0))))

	for _, text := range []string{"", "{}", `{"config":{}}`,
		`{"config":{"notifications":{"webhook":{"public_key":"x"}}}}`, `{"config":{},"config":{}}`} {
		source, err := keys.TravisCI(options(&host{text: text}, nil))
		require.NoError(t, err)
		require.Equal(t, reason.KeysUnavailable, reasonOf(fetching(t, p, source), travisSign(t, key, mine)), text)
	}
	for _, repositories := range [][]string{nil, {"acme"}, {"/app"}, {"acme/"}, {"a/b/c"}} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: provider.TravisCI(repositories...),
			Secrets: secrets.Static(public), Replay: core.DangerouslyNoReplay})
		require.ErrorContains(t, err, "TravisCI")
	}
}

// TestIdentitiesOfPublishedKeysNeverChange: what stores remember today must be found by every later release.
func TestIdentitiesOfPublishedKeysNeverChange(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	at := time.Unix(ownTime, 0).UTC().Format(time.RFC3339)
	ses := provider.AmazonSES(provider.SNSConfig{Topics: []string{snsTopic}})
	rows := []struct {
		provider core.Provider
		r        *http.Request
		want     string
	}{
		{sns(snsTopic), snsPost(snsSign(t, key, snsMessage())),
			"627666ee5d72b1267351ca347cb67201c5a4c7b3ecf8c884264e273e0dade638"},
		{ses, snsPost(snsSign(t, key, snsMessage())),
			"627666ee5d72b1267351ca347cb67201c5a4c7b3ecf8c884264e273e0dade638"},
		{provider.PayPal(paypalWebhook), paypalSign(t, key, "a-1", at, paypalWebhook, `{"id":"WH-1"}`),
			"f5fe62f6e17cc20967d2fe2a329bba0d076282b24ee1ee344f4d9a692a647e83"},
		{provider.TravisCI("acme/app"), travisSign(t, key, `{"repository":{"owner_name":"acme","name":"app"}}`),
			"a8df2e4d9de6db49003959e080c7a339c2a6f75d276f1376ccb3288779728d01"},
	}
	for _, row := range rows {
		g, err := core.New(core.Config{
			Endpoint: "golden", Provider: row.provider, Secrets: secrets.Static(public),
			Replay: core.DangerouslyNoReplay,
			Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(ownTime, 0) },
			DangerouslyAllowHTTP: true,
		})
		require.NoError(t, err)
		d, reply := g.Receive(httptest.NewRecorder(), row.r, adapter.Inbound{})
		require.Nil(t, reply, row.provider.Name())
		require.Equal(t, row.want, d.Events()[0].Identity.String(), row.provider.Name())
	}
}

// TestABuildOfSomebodyElsesIsNoSignOfLife: anybody can have Travis CI send. What is not for this endpoint must neither
// silence the alarm nor use up what the genuine ones may.
func TestABuildOfSomebodyElsesIsNoSignOfLife(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	g, err := core.New(core.Config{
		Endpoint: "ci", Provider: provider.TravisCI("acme/app"), Secrets: secrets.Static(public),
		Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
		RateLimit: core.RateLimit{PerSecond: 0.001, Burst: 2, FailuresPerSecond: 0.001, FailureBurst: 3},
	})
	require.NoError(t, err)
	const mine = `{"type":"push","repository":{"name":"app","owner_name":"acme"}}`
	theirs := strings.Replace(mine, "acme", "evil", 1)
	for range 3 {
		require.Equal(t, reason.WrongRecipient, reasonOf(g, travisSign(t, key, theirs)))
	}
	require.Equal(t, reason.RateLimited, reasonOf(g, travisSign(t, key, theirs)), "as failures are")
	h := g.Health()
	require.Zero(t, h.LastProved)
	require.EqualValues(t, 3, h.RejectedInARow)
	require.Equal(t, reason.WrongRecipient, h.LastReason)
	require.Zero(t, g.Rotation().Secrets[0].Matched)

	require.Empty(t, reasonOf(g, travisSign(t, key, mine)))
	require.Empty(t, reasonOf(g, travisSign(t, key, mine)))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
