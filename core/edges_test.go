package core_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func TestAnUnsignedContentTypeDoesNotSwitchReplayProtectionOff(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Identity.NoneForForms = true
	c, rec := config(e)
	g := mustNew(t, c)
	run(g, signed(event), ok)
	run(g, with(signed(event), "Content-Type", "application/x-www-form-urlencoded"), never(t))
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
}

func TestACredentialIsNotDecodedAsTheSigningSecretIs(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Scheme.Key = entry.Key{Encoding: entry.Base64, Prefix: "whsec_"}
	c, rec := config(e)
	c.Secrets = secrets.Static("YW4tYWNjZXB0ZWQtc2VjcmV0LW9mLTMyLWJ5dGVzISE=") // testSecret
	const token = "whsec_not base64 and 16 long!"
	c.Credentials = []core.Credential{core.HeaderToken("X-Token", secrets.Static(token))}
	g := mustNew(t, c)
	run(g, post("body", "X-Hub-Signature-256", "sha256="+mac(testSecret, "body"), "X-Token", token), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

func TestARetryInAJoinIsARetry(t *testing.T) {
	t.Parallel()
	down := errors.New("the database is down")
	rows := map[string]struct {
		err    error
		status int
	}{
		"next to ignore":              {errors.Join(core.Ignore, down), 500},
		"next to permanent":           {errors.Join(down, core.Permanent(errors.New("x"))), 500},
		"inside a wrapped join":       {fmt.Errorf("saving: %w", errors.Join(core.Ignore, down)), 500},
		"a join that is permanent":    {core.Permanent(errors.Join(down, down)), 200},
		"a join of nothing to retry":  {errors.Join(core.Ignore, core.Permanent(down)), 200},
		"ignore with words around it": {fmt.Errorf("old news: %w", core.Ignore), 200},
		"permanent with words around": {fmt.Errorf("saving: %w", core.Permanent(down)), 200},
		"an error that wraps two":     {fmt.Errorf("%w and %w", core.Ignore, down), 500},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(timestamped())
			require.Equal(t, row.status,
				run(mustNew(t, c), signed(event), func(context.Context, core.Event) error { return row.err }).Code)
		})
	}
}

func TestABodyThatWasReadBeforeIsNeverAnEmptyEvent(t *testing.T) {
	t.Parallel()
	c, rec := config(basicOnly())
	c.Secrets = secrets.Static("user:a-long-enough-password")
	g := mustNew(t, c)
	r := chunked(post(""), "")
	r.SetBasicAuth("user", "a-long-enough-password")
	require.Equal(t, 400, run(g, r, never(t)).Code)
	require.Equal(t, reason.BodyIncomplete, rec.last(t, g).Reason)

	r = with(post("a=b"), "Content-Type", "application/x-www-form-urlencoded")
	r.ContentLength = -1
	require.NoError(t, r.ParseForm())
	r.SetBasicAuth("user", "a-long-enough-password")
	require.Equal(t, 500, run(g, r, never(t)).Code)
	require.Equal(t, reason.BodyAlreadyRead, rec.last(t, g).Reason)
}

func TestARightCredentialLooksLikeAWrongOne(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Credentials = []core.Credential{core.BearerToken(secrets.Static(testSecret))}
	g := mustNew(t, c)
	for _, token := range []string{testSecret, "wrong"} {
		r := with(with(post(event), "Content-Encoding", "gzip"), "Authorization", "Bearer "+token)
		require.Equal(t, 415, run(g, r, never(t)).Code)
	}
}

func TestADeliveryPrintsNoToken(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Credentials = []core.Credential{core.PathToken("p", secrets.Static(testSecret))}
	g := mustNew(t, c)
	r := signed(event)
	r.SetPathValue("p", testSecret)
	d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.NotNil(t, d)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb, d), testSecret)
	}
}

func TestASecretThatEndsDoesNotTakeThePlaceOfOneThatStays(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Secrets = secrets.Labeled(secrets.New("a", testSecret).ValidUntil(testTime.Add(-time.Hour)),
		secrets.New("b", testSecret))
	g := mustNew(t, c)
	run(g, signed(event), ok)
	require.Equal(t, "b", rec.last(t, g).Secret)
}

func TestAnAddressThatIsNoConnectionsIsNoProxys(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.DangerouslyAllowHTTP, c.TrustedProxies = false, core.PrivateNetworks
	g := mustNew(t, c)
	r := with(signed(event), "X-Forwarded-Proto", "https")
	r.RemoteAddr = "10.0.0.1" // as RealIP writes it from a header
	run(g, r, never(t))
	require.Equal(t, reason.PlainHTTP, rec.last(t, g).Reason)
	require.Contains(t, rec.last(t, g).Detail, "RealIP")
}

func TestAHandshakeOfAnInnerGuardIsNotAnEventOfTheOuter(t *testing.T) {
	t.Parallel()
	outerConfig, outerRecords := config(basicOnly())
	outerConfig.Endpoint, outerConfig.Secrets = "outer", secrets.Static("user:a-long-enough-password")
	outer := mustNew(t, outerConfig)
	e := timestamped()
	e.Handshakes = []entry.Handshake{{Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "url_verification",
		EchoJSON: "/challenge"}}
	innerConfig, _ := config(e)
	inner := mustNew(t, innerConfig)
	for range 2 {
		r := signed(`{"type":"url_verification","challenge":"abc"}`)
		r.SetBasicAuth("user", "a-long-enough-password")
		w := httptest.NewRecorder()
		httpwebhook.Verify(outer)(httpwebhook.Verify(inner)(signal(never(t)))).ServeHTTP(w, r)
		require.Equal(t, "abc", w.Body.String())
	}
	require.NotEqual(t, reason.Duplicate, outerRecords.last(t, outer).Reason)
}

func TestASinkThatPanicsIsAskedAgain(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Handshakes = []entry.Handshake{{Method: "POST", SecretHeader: "X-Hook-Secret"}}
	c, _ := config(e)
	asked := 0
	c.Secrets, c.Setup.AwaitingSecret = nil, true
	c.Setup.SecretSink = func(context.Context, secrets.Secret) error {
		if asked++; asked == 1 {
			panic("the disk is full")
		}
		return nil
	}
	g := mustNew(t, c)
	hand := func() *http.Request { return post("{}", "X-Hook-Secret", "a-secret-of-enough-bytes-handed-over") }
	require.Panics(t, func() { run(g, hand(), never(t)) })
	require.Equal(t, 200, run(g, hand(), never(t)).Code)
	require.Equal(t, 503, run(g, hand(), never(t)).Code, "once it was taken no other is")
	require.Equal(t, 2, asked)
}
