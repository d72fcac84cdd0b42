package inspector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/inspector"
)

// sendHeaders sends an event that fails, with further headers, and returns its entry.
func (a *app) sendHeaders(body string, h http.Header) *journal.Entry {
	a.t.Helper()
	a.fail.Store(true)
	w := a.sender.Send(a.mux, "/webhooks/stripe?x=[1-9]{a,b}", webhooktest.Sample{Body: []byte(body), Header: h})
	require.Equal(a.t, 500, w.Code)
	require.NoError(a.t, a.guard.Flush(a.t.Context()))
	return a.newest()
}

// It is not parallel, because it measures what the process allocates.
func TestAPayloadThatIsNestedDeeplyCostsNoMoreThanOthers(t *testing.T) { //nolint:paralleltest // see above
	a := newApp(t)
	a.fail.Store(true)
	const depth = 9000
	deep := strings.Repeat("[", depth) + strings.Repeat("1,", 20_000) + "1" + strings.Repeat("]", depth)
	require.Equal(t, 500, a.send(strings.Replace(paid, `"in_1"`, deep, 1)))
	path := "/event/" + string(a.newest().ID)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := a.get(path)
	runtime.ReadMemStats(&after)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "[[[[1,1,1")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "indented, it is 20,000 lines of 18 KB")
}

func TestComparedHeadersAreBounded(t *testing.T) { //nolint:paralleltest // it measures what the process allocates
	a := newApp(t)
	var ids []journal.ID
	for n := range 2 {
		h := http.Header{}
		for i := range 6000 {
			h["X-Forwarded-For"] = append(h["X-Forwarded-For"], fmt.Sprintf("%d.%d", n, i))
		}
		ids = append(ids, a.sendHeaders(strings.Replace(paid, "evt_1", fmt.Sprint("evt_", n), 1), h).ID)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := a.get("/compare?a=" + string(ids[0]) + "&b=" + string(ids[1]))
	runtime.ReadMemStats(&after)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "Only the first 2000 lines")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20), "the work grows with the product of both")
}

func TestTheCopiedCommandSendsOneRequestOfWhatThePageShows(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	e := a.sendHeaders(paid, http.Header{"X-Request-Id": {"one", "two"}})
	page := a.get("/event/" + string(e.ID)).Body.String()
	require.Contains(t, page, "x=[1-9]{a,b}")
	require.Contains(t, page, "curl --globoff", "curl takes brackets and braces in a URL for a list of requests")
	require.Contains(t, page, `{&#34;one&#34;, &#34;two&#34;}`, "a test that names a header twice does not compile")
}

func TestAHeaderThatLooksLikeACredentialIsHiddenWhereverItIsShown(t *testing.T) {
	t.Parallel()
	kept, err := journal.InMemory(journal.Config{Headers: []string{"X-Tenant-Token"}})
	require.NoError(t, err)
	a := newAppWith(t, kept)
	e := a.sendHeaders(paid, http.Header{"X-Tenant-Token": {"hunter2hunter2"}})
	path := "/event/" + string(e.ID)
	html := a.get(path).Body.String()
	require.Contains(t, html, "(14 bytes, hidden)")
	for says, body := range map[string]string{
		"the page and its copies": html, "the JSON": a.get(path, asJSON).Body.String(),
		"the comparison": a.get("/compare?a=" + string(e.ID) + "&b=" + string(e.ID)).Body.String(),
	} {
		require.NotContains(t, body, "hunter2", says)
	}
}

func TestThePageAnswersBelowItsPrefixOnly(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	e := a.sendHeaders(paid, nil)
	for _, path := range []string{
		"event/" + string(e.ID), "x", "/.evil.example", "//evil.example/..", "//", "//event/" + string(e.ID), "/./",
		"/../inspector/", "/event/../", "/event/%2e%2e/", "/event%2F" + string(e.ID), "/%2Fevent/" + string(e.ID),
		"/event/" + string(e.ID) + "/",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := a.request(method, path, nil)
			require.Equal(t, 404, w.Code, "%s %s", method, path)
			require.Empty(t, w.Header().Get("Location"), "%s %s: it leads out of the page", method, path)
		}
		require.Equal(t, 404, a.post(path, url.Values{}).Code, path)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodGet, "REDRIVE", http.MethodTrace} {
		require.Equal(t, 405, a.request(method, "/event/"+string(e.ID)+"/redrive", nil).Code, method)
	}
	require.Equal(t, int32(1), a.runs.Load())
}

func TestAnErrorThatQuotesASenderDoesNotTurnTheText(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.problem = "no such plan: \u202egnp\u2066\x1b[2J\u009b" + strings.Repeat("x", 1<<20)
	e := a.sendHeaders(paid, nil)
	require.Equal(t, 303, a.post("/event/"+string(e.ID)+"/redrive", revision(e)).Code)
	pages := a.get("/").Body.String() + a.get("/event/"+string(e.ID)).Body.String() + a.get("/delivery/1").Body.String()
	require.Contains(t, pages, "no such plan")
	require.NotRegexp(t, "[\u202e\u2066\x1b\u009b]", pages)
	require.Less(t, len(pages), 100<<10, "an error is not kept whole in memory")
}

func TestWithoutPayloadsNothingConfirmsAGuessOfABody(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	e := a.sendHeaders(paid, http.Header{"X-Request-Id": {"a-request"}})
	digest := fmt.Sprintf("%x", e.Digest)
	require.Contains(t, a.get("/event/"+string(e.ID), asJSON).Body.String(), digest)
	a.access.Payloads = false
	for _, change := range [][]func(*http.Request){nil, {asJSON}} {
		body := a.get("/event/"+string(e.ID), change...).Body.String()
		require.Contains(t, body, "evt_1")
		for _, hidden := range []string{digest, "in_1", "a-request", "x=[1-9]"} {
			require.NotContains(t, body, hidden)
		}
	}
}

func TestAJSONAnswerHidesWhatThePageHides(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	e := a.sendHeaders(paid, nil)
	a.forge(paid)
	a.access.Endpoints = []string{"github"}
	for _, path := range []string{
		"/", "/?endpoint=stripe", "/?outcome=refused", "/?text=evt_1", "/endpoints", "/event/" + string(e.ID),
		"/event/" + string(e.ID) + "/body", "/compare?a=" + string(e.ID) + "&b=" + string(e.ID), "/delivery/1",
		"/delivery/2",
	} {
		for _, change := range [][]func(*http.Request){nil, {asJSON}} {
			body := a.get(path, change...).Body.String()
			require.NotContains(t, strings.ReplaceAll(body, `value="evt_1"`, ""), "evt_1", path)
			require.NotContains(t, body, "bad_signature", path)
			require.NotContains(t, body, "signal_failed", path)
		}
	}
	for _, form := range []url.Values{
		{"outcome": {"open"}}, {"outcome": {"open"}, "endpoint": {"stripe"}},
		{"outcome": {"open"}, "endpoint": {"github", "stripe"}}, {"outcome": {"open"}, "endpoint": {""}},
	} {
		a.post("/redrive", form, asJSON)
	}
	require.Equal(t, int32(1), a.runs.Load())
}

func TestAnotherSiteLoadsNothingOfThePage(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, site := range []string{"cross-site", "same-site"} {
		for _, path := range []string{"/", "/live", "/endpoints", "/script.js"} {
			w := a.get(path, func(r *http.Request) {
				r.Header.Set("Sec-Fetch-Site", site)
				r.Header.Set("Sec-Fetch-Mode", "no-cors")
			})
			require.Equal(t, 403, w.Code, "%s of a %s: each live page takes one of 16 places", path, site)
		}
		require.Equal(t, 403, a.get("/live", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", site)
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "iframe")
		}).Code)
		require.Equal(t, 200, a.get("/", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", site)
			r.Header.Set("Sec-Fetch-Mode", "navigate")
		}).Code, "a link from a chat opens the page")
	}
}

// hanging is a store that does not answer the newest list until its caller gives up.
type hanging struct {
	journal.Store
	asked chan struct{}
}

func (s *hanging) List(ctx context.Context, _ journal.Page) ([]journal.Row, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAStoreThatHangsDoesNotKeepALivePageAtShutdown(t *testing.T) {
	t.Parallel()
	store := &hanging{Store: journal.NewMemory(), asked: make(chan struct{}, 1)}
	kept, err := journal.New(store, journal.Config{})
	require.NoError(t, err)
	l := local(t, inspector.Config{Journal: kept})
	c := browser(t)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	status, _ := get(t, c, l.URL())
	require.Equal(t, 303, status)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL()+"live", http.NoBody)
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if w, err := c.Do(r); err == nil {
			_ = w.Body.Close()
		}
	}()
	<-store.asked
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, l.Shutdown(ctx))
	require.Less(t, time.Since(begin), 5*time.Second)
	<-ended
}

func TestManyRunsEndAtShutdown(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	for n := range 5 {
		require.Equal(t, 500, a.send(strings.Replace(paid, "evt_1", fmt.Sprint("evt_", n), 1)))
	}
	a.fail.Store(false)
	a.page.Close()
	w := a.post("/redrive", url.Values{"outcome": {"open"}, "endpoint": {"stripe"}}, asJSON)
	var all struct {
		Results []json.RawMessage
		More    bool
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &all))
	require.LessOrEqual(t, len(all.Results), 1, "the run that is under way ends, and no other begins")
	require.True(t, all.More)
}

func TestALoginWithoutAPasswordOpensNothing(t *testing.T) {
	t.Parallel()
	for _, login := range []string{"ops:", ":secret-of-nobody", ":", "ops"} {
		check := inspector.BasicAuth(secrets.Static(login), inspector.Access{})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host, http.NoBody)
		user, password, _ := strings.Cut(login, ":")
		r.SetBasicAuth(user, password)
		_, err := check(r)
		require.ErrorIs(t, err, inspector.ErrLogin, login)
	}
}

// "Run these again" stands under a list that a text has narrowed: an event that is not in it does not run.
func TestManyRunsAreThoseThatTheListShows(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	for _, id := range []string{"evt_first", "evt_second", "evt_third"} {
		require.Equal(t, 500, a.send(strings.Replace(paid, "evt_1", id, 1)))
	}
	a.fail.Store(false)
	page := a.get("/?outcome=open&text=second").Body.String()
	form := url.Values{}
	_, bulk, ok := strings.Cut(page, `<form class="bulk"`)
	require.True(t, ok)
	bulk, _, _ = strings.Cut(bulk, "</form>")
	for _, field := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`).
		FindAllStringSubmatch(bulk, -1) {
		form.Set(field[1], field[2])
	}
	before := a.runs.Load()
	require.Contains(t, a.post("/redrive", form).Body.String(), "1 done, 0 failed.")
	require.Equal(t, before+1, a.runs.Load())
	for e, err := range a.kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		require.Equal(t, e.EventID == "evt_second", e.State == journal.Done, e.EventID)
	}
	// The next click keeps to it, too.
	require.Contains(t, a.post("/redrive", form).Body.String(), "Nothing was left to run.")
}

// Whoever opens the page by another name of the machine learns under which it is.
func TestTheLocalPageSaysWhereItIs(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l := local(t, inspector.Config{Journal: a.kept})
	at, err := url.Parse(l.URL())
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at.Host+"/", http.NoBody)
	require.NoError(t, err)
	r.Host = "localhost:" + at.Port()
	w, err := browser(t).Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, errors.Join(err, w.Body.Close()))
	require.Equal(t, 421, w.StatusCode)
	require.Contains(t, string(body), "http://"+at.Host+"/")
	require.NotContains(t, string(body), "Config.Hosts")
}

// A script that mistypes a state must not get everything.
func TestAStateThatDoesNotExistIsAnErrorForAScript(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	require.Equal(t, 200, a.send(paid))
	require.Equal(t, 400, a.get("/?outcome=parkd", asJSON).Code)
	require.Equal(t, 200, a.get("/?outcome=done", asJSON).Code)
	require.Equal(t, 200, a.get("/?outcome=", asJSON).Code)
	require.Equal(t, 200, a.get("/?outcome=parkd").Code, "the page shows that it shows everything")
}
