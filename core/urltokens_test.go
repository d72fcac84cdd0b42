package core_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

const (
	tokenCanary = "a-canary-of-a-token-5c1f"
	falseCanary = "a-canary-of-a-guess-5c1f"
)

// tokenPlace is one kind of credential, and how a request presents it.
type tokenPlace struct {
	credential func(secrets.Source) core.Credential
	target     func(token string) string
	put        func(r *http.Request, token string)
	secret     func(token string) string
}

func tokenPlaces() map[string]tokenPlace {
	same := func(token string) string { return token }
	hooks := func(string) string { return "/hooks" }
	pair := func(token string) string { return "hooks:" + token }
	pathToken := func(s secrets.Source) core.Credential { return core.PathToken("key", s) }
	return map[string]tokenPlace{
		"path": {pathToken, func(token string) string { return "/hooks/" + token + "/end" },
			func(r *http.Request, token string) { r.SetPathValue("key", token) }, same},
		"escaped path": {pathToken, func(token string) string {
			return "/hooks/" + strings.Replace(token, "a", "%61", 1) + "?b=c"
		}, func(r *http.Request, token string) { r.SetPathValue("key", token) }, same},
		"part of a segment": {pathToken, func(token string) string { return "/hooks/x-" + token + ".json" },
			func(r *http.Request, token string) { r.SetPathValue("key", token) }, same},
		"query": {func(s secrets.Source) core.Credential { return core.QueryToken("token", s) },
			func(token string) string { return "/hooks?a=1&token=" + token }, func(*http.Request, string) {}, same},
		"basic": {core.BasicAuth, hooks, func(r *http.Request, token string) { r.SetBasicAuth("hooks", token) }, pair},
		"bearer": {core.BearerToken, hooks, func(r *http.Request, token string) {
			r.Header.Set("Authorization", "Bearer "+token)
		}, same},
		"header": {func(s secrets.Source) core.Credential { return core.HeaderToken("X-Token", s) }, hooks,
			func(r *http.Request, token string) { r.Header.Set("X-Token", token) }, same},
	}
}

// TestNoCredentialShowsWithAnyScheme sends, to every entry and with every kind of credential next to its signature,
// deliveries whose signature and whose credential are right and wrong. It looks for the tokens in all that can be seen:
// answers, the log, records with their findings, explanations, the store, and the URL that the app is given.
func TestNoCredentialShowsWithAnyScheme(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	checks := [][]core.Check{nil, {core.CheckCredentials}, {core.CheckCredentials, core.CheckSignature}}
	for _, entry := range catalogue.All() {
		t.Run(entry.Name, func(t *testing.T) {
			t.Parallel()
			genuine, forger := webhooktest.NewSender(entry.Sample()), webhooktest.NewSender(entry.Sample())
			genuine.Now = func() time.Time { return now }
			forger.Now = genuine.Now
			sample := webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)}
			for kind, place := range tokenPlaces() {
				for n := range 2 * len(checks) {
					e := &everything{seen: map[reason.Reason]bool{}}
					c := core.Config{
						Endpoint: "canary", Provider: entry.Sample(), Secrets: secrets.Static(genuine.Secret()),
						Credentials: []core.Credential{place.credential(secrets.Static(place.secret(tokenCanary)))},
						Replay:      memstore.New(), StoreFailure: core.RefuseDelivery, Now: genuine.Now,
						DangerouslyReportOnly: checks[n/2],
					}
					if n%2 == 0 {
						c.PublicURL = "https://example.com" + place.target(tokenCanary)
					}
					e.watch(&c)
					g, err := core.New(c)
					if err != nil {
						continue // the provider's own place, or a URL has to be configured
					}
					for _, sender := range []*webhooktest.Sender{genuine, forger} {
						for _, token := range []string{tokenCanary, falseCanary} {
							e.sendToken(g, sender.Request(place.target(token), sample), place, token)
						}
					}
					require.NoError(t, g.Flush(t.Context()))
					require.NotContains(t, e.text.String(), "%61-canary", kind) // "%61" alone may stand in a hash by chance
					e.requireNone(t, tokenCanary, falseCanary)
				}
			}
		})
	}
}

// sendToken shows what the app sees of a request, what is said of it, and what the answer is.
func (e *everything) sendToken(g *core.Guard, r *http.Request, place tokenPlace, token string) {
	place.put(r, token)
	explained := g.Explain(r, adapter.Inbound{})
	fmt.Fprintf(e, "%v %+v", explained, *explained)
	w := httptest.NewRecorder()
	httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(e, r.URL, r.RequestURI, r.URL.Path, r.URL.RawPath)
		w.WriteHeader(http.StatusInternalServerError) // so that nothing is a duplicate
	})).ServeHTTP(w, r)
	fmt.Fprintln(e, w.Code, w.Header(), w.Body)
}

// TestATokenLeavesThePathHoweverItIsWritten: routers give a parameter decoded or as it came.
func TestATokenLeavesThePathHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	const token = "a/token of+24%bytes-long"
	for name, given := range map[string]string{"decoded": token, "as it came": url.PathEscape(token)} {
		c, _ := config(timestamped())
		c.Credentials = []core.Credential{core.PathToken("p", secrets.Static(given))}
		g := mustNew(t, c)
		r := signed(event)
		r.URL.Path, r.URL.RawPath = "/hooks/"+token, "/hooks/"+url.PathEscape(token)
		r.RequestURI = r.URL.RawPath
		r.SetPathValue("p", given)
		w := run(g, r, func(r *http.Request, _ core.Event) error {
			require.NotContains(t, fmt.Sprint(r.URL, r.URL.Path, r.URL.RawPath, r.RequestURI), "bytes-long", name)
			return nil
		})
		require.Equal(t, 200, w.Code, name)
	}
}
