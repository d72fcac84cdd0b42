package core_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

func TestOnlyAGenuineDeliveryReachesTheSignal(t *testing.T) {
	t.Parallel()
	t0 := "t=1772366400"
	good := mac(testSecret, "1772366400", ".", event)
	other := mac(oldSecret, "1772366400", ".", event)
	rows := []struct {
		name    string
		headers []string
		want    reason.Reason
	}{
		{"a genuine delivery passes", []string{"Acme-Signature", t0 + ",v1=" + good}, reason.Accepted},
		{"spaces around the pairs do not matter", []string{"Acme-Signature", t0 + ", v1=" + good}, reason.Accepted},
		{"a foreign version next to ours is passed over", []string{"Acme-Signature", t0 + ",v0=" + good + ",v1=" + good},
			reason.Accepted},
		{"a broken signature next to a good one is passed over", []string{"Acme-Signature", t0 + ",v1=zz,v1=" + good},
			reason.Accepted},
		{"a wrong signature next to a good one is passed over",
			[]string{"Acme-Signature", t0 + ",v1=" + other + ",v1=" + good}, reason.Accepted},

		{"no header", nil, reason.MissingSignature},
		{"an empty header", []string{"Acme-Signature", ""}, reason.MissingSignature},
		{"another version only", []string{"Acme-Signature", t0 + ",v0=" + good}, reason.MissingSignature},
		{"an empty signature", []string{"Acme-Signature", t0 + ",v1="}, reason.MalformedSignature},
		{"a shorter signature that is a prefix", []string{"Acme-Signature", t0 + ",v1=" + good[:62]},
			reason.MalformedSignature},
		{"a longer signature", []string{"Acme-Signature", t0 + ",v1=" + good + "00"}, reason.MalformedSignature},
		{"not hexadecimal", []string{"Acme-Signature", t0 + ",v1=" + strings.Repeat("zz", 32)},
			reason.MalformedSignature},
		{"no list at all", []string{"Acme-Signature", "garbage"}, reason.MalformedSignature},
		{"another secret", []string{"Acme-Signature", t0 + ",v1=" + other}, reason.BadSignature},
		{"the last bit differs", []string{"Acme-Signature", t0 + ",v1=" + flipLast(good)}, reason.BadSignature},
		{"the header twice", []string{"Acme-Signature", t0 + ",v1=" + good, "Acme-Signature", t0 + ",v1=" + good},
			reason.RepeatedHeader},
		{"a header longer than any", []string{"Acme-Signature", t0 + ",v1=" + good + "," + strings.Repeat("x", 9000)},
			reason.HeaderTooLarge},
		{"seventeen signatures", []string{"Acme-Signature", t0 + strings.Repeat(",v1="+other, 16) + ",v1=" + good},
			reason.MalformedSignature},

		{"no timestamp", []string{"Acme-Signature", "v1=" + good}, reason.MissingTimestamp},
		{"two timestamps", []string{"Acme-Signature", t0 + "," + t0 + ",v1=" + good}, reason.MalformedTimestamp},
		{"a plus sign", []string{"Acme-Signature", "t=+1772366400,v1=" + good}, reason.MalformedTimestamp},
		{"a leading zero", []string{"Acme-Signature", "t=01772366400,v1=" + good}, reason.MalformedTimestamp},
		{"a fraction", []string{"Acme-Signature", "t=1772366400.0,v1=" + good}, reason.MalformedTimestamp},
		{"an exponent", []string{"Acme-Signature", "t=1e9,v1=" + good}, reason.MalformedTimestamp},
		{"another alphabet's digits", []string{"Acme-Signature", "t=١٢٣,v1=" + good}, reason.MalformedTimestamp},
		{"minus", []string{"Acme-Signature", "t=-1,v1=" + good}, reason.MalformedTimestamp},
		{"beyond any year", []string{"Acme-Signature", "t=999999999999999999999,v1=" + good},
			reason.MalformedTimestamp},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			runs := 0
			w := run(g, post(event, row.headers...), func(context.Context, core.Event) error { runs++; return nil })
			require.Equal(t, row.want, rec.last(t, g).Reason)
			if row.want == reason.Accepted {
				require.Equal(t, 200, w.Code)
				require.Equal(t, 1, runs)
				return
			}
			require.Equal(t, 400, w.Code)
			require.Equal(t, 0, runs)
		})
	}
}

func flipLast(hexText string) string {
	if strings.HasSuffix(hexText, "0") {
		return hexText[:len(hexText)-1] + "1"
	}
	return hexText[:len(hexText)-1] + "0"
}

func TestTheWindowIsTwoSidedAndItsEdgesAreInside(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		age  time.Duration
		want reason.Reason
	}{
		{"now", 0, reason.Accepted},
		{"exactly as old as allowed", 5 * time.Minute, reason.Accepted},
		{"a second older", 5*time.Minute + time.Second, reason.Stale},
		{"exactly as far ahead as allowed", -5 * time.Minute, reason.Accepted},
		{"a second further ahead", -5*time.Minute - time.Second, reason.Early},
		{"ten years ahead", -10 * 365 * 24 * time.Hour, reason.Early},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			run(g, post(event, "Acme-Signature", pairs(testSecret, testTime.Add(-row.age), event)), ok)
			require.Equal(t, row.want, rec.last(t, g).Reason)
		})
	}
}

func TestAnyActiveSecretOfTheListLetsADeliveryIn(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Secrets = secrets.Labeled(
		secrets.New("new", testSecret),
		secrets.New("old", oldSecret).ValidUntil(testTime.Add(time.Hour)),
		secrets.New("gone", "a-secret-that-ended-yesterday-ok").ValidUntil(testTime.Add(-time.Hour)),
	)
	g := mustNew(t, c)
	run(g, post(event, "Acme-Signature", pairs(oldSecret, testTime, event)), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	require.Equal(t, "old", rec.last(t, g).Secret)

	// The identity does not depend on which secret matched.
	w := run(g, signed(event), never(t))
	require.Equal(t, 200, w.Code)
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)

	run(g, post(event, "Acme-Signature", pairs("a-secret-that-ended-yesterday-ok", testTime, event)), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
}

func TestNoActiveSecretIsOurStateAndNotTheSendersFault(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Secrets = secrets.Labeled(secrets.New("gone", testSecret).ValidUntil(testTime.Add(-time.Second)))
	g := mustNew(t, c)
	w := run(g, signed(event), never(t))
	require.Equal(t, 503, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, reason.NoActiveSecret, rec.last(t, g).Reason)
}

func TestBothGatesAreRequired(t *testing.T) {
	t.Parallel()
	const pair = "hook:a:password:with:colons!"
	c, rec := config(timestamped())
	c.Credentials = []core.Credential{core.BasicAuth(secrets.Static(pair, "new:another-long-password"))}
	g := mustNew(t, c)
	with := func(r *http.Request, user, password string) *http.Request { r.SetBasicAuth(user, password); return r }

	run(g, with(post(event), "hook", "a:password:with:colons!"), never(t))
	require.Equal(t, reason.MissingSignature, rec.last(t, g).Reason)
	run(g, signed(event), never(t))
	require.Equal(t, reason.MissingCredential, rec.last(t, g).Reason)
	run(g, with(signed(event), "new", "a:password:with:colons!"), never(t))
	require.Equal(t, reason.BadCredential, rec.last(t, g).Reason, "a pair matches as a whole")
	w := run(g, with(signed(event), "hook", "a:password:with:colons!"), ok)
	require.Equal(t, 200, w.Code)
	require.Equal(t, []string{"#1"}, rec.last(t, g).Credentials)
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-24-bytes-long"
	list := secrets.Static(token)
	rows := []struct {
		name       string
		credential core.Credential
		change     func(*http.Request)
		want       reason.Reason
	}{
		{"a bearer token passes", core.BearerToken(list), header("Authorization", "Bearer "+token), reason.Accepted},
		{"the scheme's case does not matter", core.BearerToken(list), header("Authorization", "bEARER "+token),
			reason.Accepted},
		{"a bearer token is not Basic", core.BasicAuth(secrets.Static("user:" + token)),
			header("Authorization", "Bearer "+token), reason.BadCredential},
		{"another bearer token", core.BearerToken(list), header("Authorization", "Bearer "+token+"x"),
			reason.BadCredential},
		{"no token after the scheme", core.BearerToken(list), header("Authorization", "Bearer"), reason.BadCredential},
		{"no header", core.BearerToken(list), func(*http.Request) {}, reason.MissingCredential},
		{"the header twice", core.BearerToken(list), func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer " + token, "Bearer " + token}
		}, reason.RepeatedHeader},
		{"a header as long as a book", core.BearerToken(list),
			header("Authorization", "Bearer "+strings.Repeat("x", 9000)), reason.HeaderTooLarge},
		{"a named header passes", core.HeaderToken("x-token", list), header("X-Token", token), reason.Accepted},
		{"an empty named header is absent", core.HeaderToken("X-Token", list), header("X-Token", ""),
			reason.MissingCredential},
		{"a query token passes", core.QueryToken("token", list),
			func(r *http.Request) { r.URL.RawQuery = "a=1&token=" + token }, reason.Accepted},
		{"a query token twice", core.QueryToken("token", list),
			func(r *http.Request) { r.URL.RawQuery = "token=" + token + "&token=" + token }, reason.BadCredential},
		{"a query longer than any provider's", core.QueryToken("token", list), func(r *http.Request) {
			r.URL.RawQuery = strings.Repeat("a=1&", 5000) + "token=" + token
		}, reason.BadCredential},
		{"no query token", core.QueryToken("token", list), func(*http.Request) {}, reason.MissingCredential},
		{"a path token passes", core.PathToken("secret", list),
			func(r *http.Request) { r.SetPathValue("secret", token) }, reason.Accepted},
		{"no path token", core.PathToken("secret", list), func(*http.Request) {}, reason.MissingCredential},
		{"Basic with a line break in its base64", core.BasicAuth(secrets.Static("user:" + token)),
			header("Authorization", "Basic dXNlcjph\ndG9rZW4="), reason.BadCredential},
		{"Basic without a colon", core.BasicAuth(secrets.Static("user:" + token)),
			header("Authorization", "Basic dXNlcg=="), reason.BadCredential},
		{"Basic with stray bits", core.BasicAuth(secrets.Static("user:" + token)),
			header("Authorization", "Basic dXNlcjp="), reason.BadCredential},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.Credentials = []core.Credential{row.credential}
			g := mustNew(t, c)
			r := signed(event)
			row.change(r)
			w := run(g, r, ok)
			require.Equal(t, row.want, rec.last(t, g).Reason)
			require.Equal(t, row.want == reason.Accepted, w.Code == 200)
		})
	}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestURLTokensAreGoneBehindTheGuard(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-24-bytes-long"
	c, _ := config(timestamped())
	c.Credentials = []core.Credential{core.QueryToken("token", secrets.Static(token)),
		core.PathToken("p", secrets.Static(token))}
	g := mustNew(t, c)
	r := signed(event)
	r.URL.RawQuery, r.URL.Path = "a=1&token="+token+"&b=%2F", "/hooks/"+token
	r.SetPathValue("p", token)
	w := run(g, r, func(r *http.Request, _ core.Event) error {
		require.Equal(t, "a=1&b=%2F", r.URL.RawQuery)
		require.NotContains(t, r.URL.String()+r.RequestURI, token)
		return nil
	})
	require.Equal(t, 200, w.Code)
}

func TestASignedURLIsTheConfiguredOneOrTheRequestsOwn(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Scheme.Signed = []entry.Part{entry.URL(), entry.Body()}
	deliver := func(publicURL, signedURL string) core.Record {
		c, rec := config(e)
		c.PublicURL = publicURL
		var log testlog.Log
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		g := mustNew(t, c)
		require.Equal(t, publicURL == "", strings.Contains(log.String(), "set PublicURL"),
			"the host of the request is whatever its sender says")
		r := post("{}", "X-Hub-Signature-256", "sha256="+mac(testSecret, signedURL, "{}"))
		r.Host, r.URL.RawQuery = "hooks.example.com", "token=hidden"
		run(g, r, ok)
		return rec.last(t, g)
	}
	const registered = "https://hooks.example.com:8443/a?b=%2F"
	require.Equal(t, reason.Accepted, deliver(registered, registered).Reason)
	require.Equal(t, reason.Accepted, deliver("", "http://hooks.example.com/hooks?token=hidden").Reason)
	wrong := deliver("", registered)
	require.Equal(t, reason.BadSignature, wrong.Reason)
	require.Contains(t, wrong.Detail, "http://hooks.example.com/hooks was used")
	require.NotContains(t, wrong.Detail, "hidden")
	require.Equal(t, reason.BadSignature, deliver(registered, "http://hooks.example.com/hooks?token=hidden").Reason,
		"what the request says of itself does not count next to it")
}
