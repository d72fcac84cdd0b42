package inspector_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/inspector"
)

const paid = `{"id":"evt_1","object":"event","type":"invoice.paid","data":{"object":{"id":"in_1"}}}`

func TestTheListShowsWhatArrivedAndHowItEnded(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	require.Equal(t, 500, a.send(paid))
	a.fail.Store(false)
	require.Equal(t, 200, a.send(strings.Replace(paid, "evt_1", "evt_2", 1)))
	require.Equal(t, 400, a.forge(strings.Replace(paid, "evt_1", "evt_3", 1)))
	w := a.get("/")
	require.Equal(t, 200, w.Code, w.Body)
	for _, text := range []string{
		"evt_1", "evt_2", "invoice.paid", "signal_failed", "bad_signature", "column &#34;currency&#34; does not exist",
		">400<",
		">500<",
	} {
		require.Contains(t, w.Body.String(), text)
	}
	require.NotContains(t, w.Body.String(), "evt_3", "nobody has proved it: it says nothing of an event")
	for query, found := range map[string][]bool{ // the failed one, the successful one, the forged one
		"?outcome=open": {true, false, false}, "?outcome=done": {false, true, false},
		"?outcome=refused": {false, false, true},
		"?text=EVT_1":      {true, false, false}, "?text=currency": {true, false, false},
		"?type=invoice.paid": {true, true, false},
		"?endpoint=other":    {false, false, false}, "?endpoint=stripe": {true, true, true},
		"?outcome=parked": {false, false, false},
		"?text=nothing":   {false, false, false}, "?outcome=%3Cscript%3E": {true, true, true},
	} {
		body := a.get("/" + query).Body.String()
		rows := body[strings.Index(body, `<div id="rows">`):]
		require.Equal(t, found, []bool{
			strings.Contains(rows, "evt_1"), strings.Contains(rows, "evt_2"), strings.Contains(rows, "bad_signature"),
		}, query)
	}
}

func TestAFailedEventRunsAgainAfterTheFix(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	require.Equal(t, 500, a.send(paid))
	e := a.newest()
	page := a.get("/event/" + string(e.ID)).Body.String()
	for _, text := range []string{
		"Run again", "Dismiss", "invoice.paid", "evt_1", `column &#34;currency&#34; does not exist`,
		"&#34;id&#34;: &#34;in_1&#34;",
		"--data-binary @event.bin", "webhooktest.NewSender", "signed",
	} {
		require.Contains(t, page, text)
	}
	w := a.post("/event/"+string(e.ID)+"/redrive", revision(e))
	require.Equal(t, 303, w.Code, w.Body)
	require.Equal(t, "../"+string(e.ID)+"?notice=failed", w.Header().Get("Location"))

	a.fail.Store(false)
	require.Equal(t, 409, a.post("/event/"+string(e.ID)+"/redrive", revision(e)).Code,
		"the page was opened before that run")
	e = a.newest()
	w = a.post("/event/"+string(e.ID)+"/redrive", revision(e))
	require.Equal(t, "../"+string(e.ID)+"?notice=done", w.Header().Get("Location"))
	e = a.newest()
	require.Equal(t, journal.Done, e.State)
	require.Equal(t, int32(3), a.runs.Load(), "one delivery and two runs")
	require.Contains(t, a.get("/event/"+string(e.ID)+"?notice=done").Body.String(), "It ran, and succeeded.")
	require.Contains(t, a.log.String(), "by=ops")
}

func TestManyRunAgainAndEndAfterThreeFailures(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	for n := range 10 {
		require.Equal(t, 500, a.send(strings.Replace(paid, "evt_1", fmt.Sprintf("evt_%d", n), 1)))
	}
	form := url.Values{"outcome": {"open"}, "endpoint": {"stripe"}}
	require.Contains(t, a.post("/redrive", form).Body.String(),
		"0 done, 3 failed. It ended after three failures in a row")
	a.fail.Store(false)
	require.Contains(t, a.post("/redrive", form).Body.String(), "10 done, 0 failed.")
	require.Contains(t, a.post("/redrive", form).Body.String(), "Nothing was left to run.")
	require.Equal(t, int32(10+3+10), a.runs.Load())
	require.Equal(t, 400, a.post("/redrive", url.Values{"outcome": {"done"}}).Code, "what is done never runs in bulk")
	require.Equal(t, 400, a.post("/redrive", url.Values{}).Code)
}

func TestEachActionNeedsItsAccess(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	e := a.newest()
	form := revision(e)
	form.Set("endpoint", "stripe")
	form.Set("outcome", "open")
	a.access = inspector.Access{}
	for _, path := range []string{"/event/" + string(e.ID) + "/redrive", "/event/" + string(e.ID) + "/dismiss",
		"/redrive",
		"/pause", "/resume"} {
		require.Equal(t, 403, a.post(path, form).Code, path)
	}
	require.Equal(t, 403, a.get("/event/"+string(e.ID)+"/body").Code)
	require.Equal(t, 403, a.get("/compare?a="+string(e.ID)+"&b="+string(e.ID)).Code)
	page := a.get("/event/" + string(e.ID)).Body.String()
	require.NotContains(t, page, "in_1", "the payload")
	require.NotContains(t, page, "<button>Run again")
	require.NotContains(t, page, "/dismiss")
	require.NotContains(t, a.get("/event/"+string(e.ID), asJSON).Body.String(), `"body"`)

	a.access = everything()
	a.access.Endpoints = []string{"github"}
	for _, path := range []string{"/event/" + string(e.ID) + "/redrive", "/event/" + string(e.ID) + "/dismiss"} {
		require.Equal(t, 404, a.post(path, form).Code, path)
	}
	require.Equal(t, 403, a.post("/redrive", form).Code)
	require.Equal(t, 403, a.post("/pause", form).Code)
	require.Equal(t, 404, a.get("/event/"+string(e.ID)).Code)
	require.NotContains(t, a.get("/").Body.String(), "evt_1")
	require.NotContains(t, a.get("/endpoints").Body.String(), "stripe")
	require.Equal(t, int32(1), a.runs.Load())
}

func TestNobodyGetsInWithoutAuthorize(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	e := a.newest()
	for err, status := range map[error]int{inspector.ErrLogin: 401, errors.New("no"): 403,
		fmt.Errorf("x: %w", inspector.ErrLogin): 401} {
		a.denied = err
		for _, path := range []string{"/", "", "/event/" + string(e.ID), "/endpoints", "/live", "/style.css",
			"/nothing"} {
			w := a.get(path)
			require.Equal(t, status, w.Code, path)
			require.NotContains(t, w.Body.String(), "evt_1")
		}
		require.Equal(t, status, a.post("/event/"+string(e.ID)+"/redrive", revision(e)).Code)
	}
	require.Equal(t, int32(1), a.runs.Load())
}

func TestOtherHostsAndOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	e := a.newest()
	for name, status := range map[string]int{
		host: 200, "HOOKS.example.com": 200, host + ":443": 200, "evil.example": 421, "127.0.0.1": 421,
		"localhost": 421, "": 421,
		host + ".evil.example": 421, "x." + host: 421, host + ":8080": 421, host + ".": 421,
	} {
		require.Equal(t, status, a.get("/", func(r *http.Request) { r.Host = name }).Code, name)
	}
	for says, change := range map[string]func(*http.Request){
		"another site":      func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another subdomain": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"an old browser's post": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin",
				"https://evil.example")
		},
		"an opaque origin": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") },
	} {
		require.Equal(t, 403, a.post("/event/"+string(e.ID)+"/redrive", revision(e), change).Code, says)
	}
	require.Equal(t, int32(1), a.runs.Load())
}

func TestEachAnswerForbidsWhatThePageDoesNotNeed(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, path := range []string{"/", "/endpoints", "/style.css", "/script.js", "/icon.svg", "/nothing",
		"/delivery/9"} {
		h := a.get(path).Header()
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'", path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
	}
}

func TestWhatASenderWroteIsText(t *testing.T) {
	t.Parallel()
	hostile := "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e\U0001F600"
	a := newApp(t)
	a.fail.Store(true)
	body, err := json.Marshal(map[string]any{"id": "evt_" + hostile, "type": "t." + hostile, "data": hostile})
	require.NoError(t, err)
	require.Equal(t, 500, a.send(string(body)))
	e := a.newest()
	for _, path := range []string{
		"/", "/event/" + string(e.ID), "/compare?a=" + string(e.ID) + "&b=" + string(e.ID), "/?text=" +
			url.QueryEscape(hostile),
		"/?type=" + url.QueryEscape(hostile), "/?endpoint=" + url.QueryEscape(hostile), "/event/" +
			url.PathEscape(hostile),
		"/delivery/" + url.PathEscape(hostile), "/?notice=" + url.QueryEscape(hostile), "/?before=" +
			url.QueryEscape(hostile),
		"/event/" + string(e.ID) + "?notice=" + url.QueryEscape(hostile), "/endpoints",
	} {
		page := a.get(path).Body.String()
		require.NotContains(t, page, "<script>alert", path)
		require.NotContains(t, page, "<img", path)
		require.Equal(t, 1, strings.Count(page, "<script"), path)
	}
	page := a.get("/event/" + string(e.ID)).Body.String()
	require.Contains(t, page, "\U0001F600")
	require.NotContains(t, page+a.get("/").Body.String(), "\u202e", "it would turn the text around it")
	w := a.get("/event/" + string(e.ID) + "/body")
	require.Equal(t, string(body), w.Body.String(), "the download is the payload as it was signed")
	require.Equal(t, "application/octet-stream", w.Header().Get("Content-Type"))
	require.Contains(t, w.Header().Get("Content-Disposition"), "attachment")
}

func TestALongPayloadIsCutWithANote(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	long := strings.Replace(paid, "in_1", strings.Repeat("x", 900<<10), 1)
	require.Equal(t, 500, a.send(long))
	w := a.get("/event/" + string(a.newest().ID))
	require.Less(t, w.Body.Len(), 600<<10)
	require.Contains(t, w.Body.String(), "The first 262144 of")
	require.NotContains(t, w.Body.String(), "<summary>Raw", "what is cut is not shown as JSON that was sent")
}

func TestEachPageOfTheListBeginsWhereTheOneBeforeEnded(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for n := range 130 {
		a.fail.Store(n%2 == 0)
		a.send(strings.Replace(paid, "evt_1", fmt.Sprintf("evt-%03d", n), 1))
	}
	seen := map[string]int{}
	path, pages := "/", 0
	for ; path != "" && pages < 9; pages++ {
		var page struct {
			Rows  []struct{ Event string }
			Older string
		}
		require.NoError(t, json.Unmarshal(a.get(path, asJSON).Body.Bytes(), &page))
		require.LessOrEqual(t, len(page.Rows), 50)
		for _, r := range page.Rows {
			seen[r.Event]++
		}
		path = ""
		if page.Older != "" {
			path = "/?" + page.Older
		}
	}
	require.Equal(t, 3, pages)
	require.Len(t, seen, 130)
	for event, times := range seen {
		require.Equal(t, 1, times, event)
	}
}

func TestADismissedEventDoesNotRun(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	e := a.newest()
	require.Equal(t, 400, a.post("/event/"+string(e.ID)+"/dismiss", url.Values{}).Code, "the form names no revision")
	require.Equal(t, 303, a.post("/event/"+string(e.ID)+"/dismiss", revision(e)).Code)
	require.Equal(t, journal.Dismissed, a.newest().State)
	require.Equal(t, 409, a.post("/event/"+string(e.ID)+"/dismiss", revision(e)).Code)
	require.NotContains(t, a.get("/event/"+string(e.ID)).Body.String(), "/dismiss")
}

func TestAnEndpointIsPausedAndResumed(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	form := url.Values{"endpoint": {"stripe"}}
	require.Equal(t, 303, a.post("/pause", form).Code)
	require.Equal(t, 503, a.send(paid))
	require.Contains(t, a.get("/").Body.String(), "is paused")
	require.Contains(t, a.get("/endpoints").Body.String(), "Resume")
	require.Equal(t, 303, a.post("/resume", form).Code)
	require.Equal(t, 200, a.send(paid))
	require.Equal(t, 404, a.post("/pause", url.Values{"endpoint": {"other"}}).Code)
}

func TestARefusedDeliverySaysWhichCheckFailedAndHowToFixIt(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for range 4 {
		a.forge(paid)
	}
	list := a.get("/").Body.String()
	require.Contains(t, list, "refused 4 deliveries, the last as bad_signature, and verified none since it started")
	at := strings.Index(list, `href="delivery/`)
	require.Positive(t, at)
	number, _, _ := strings.Cut(list[at+len(`href="delivery/`):], `"`)
	page := a.get("/delivery/" + number).Body.String()
	require.Contains(t, page, `<li data-verdict="passed"><b>Time</b>`)
	require.Contains(t, page,
		`<li data-verdict="failed"><b>Signature</b> <span class="verdict">failed</span> <code>bad_signature</code>`)
	require.Contains(t, page, `<li data-verdict="not made"><b>Receivers</b>`)
	require.Contains(t, page, "secret_unknown")
	require.Equal(t, 404, a.get("/delivery/999").Code)
	require.Equal(t, 404, a.get("/delivery/x").Code)
}

func TestComparedEventsShowWhatDiffers(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	first := a.newest()
	a.send(strings.NewReplacer("evt_1", "evt_2", "in_1", "in_2").Replace(paid))
	page := a.get("/compare?a=" + string(first.ID) + "&b=" + string(a.newest().ID)).Body.String()
	require.Contains(t, page, `only in the first: </span>−       &#34;id&#34;: &#34;in_1&#34;`)
	require.Contains(t, page, `only in the second: </span>&#43;       &#34;id&#34;: &#34;in_2&#34;`)
	require.Equal(t, 404, a.get("/compare?a="+string(first.ID)+"&b=0").Code)
}

func TestTheConfigSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := inspector.New(inspector.Config{Prefix: "inspector/", Redriver: &core.Redriver{}})
	for _, text := range []string{"Config.Journal", "Config.Authorize", "Config.Hosts", "Config.Prefix",
		"Config.Redriver"} {
		require.ErrorContains(t, err, text)
	}
}

func TestBasicAuthTakesAcceptedLoginsOnly(t *testing.T) {
	t.Parallel()
	now := time.Now()
	check := inspector.BasicAuth(secrets.Labeled(
		secrets.New("new", "ops:a-long-password-for-tests-only-1"),
		secrets.New("old", "ops:a-long-password-for-tests-only-2").ValidUntil(now.Add(-time.Hour)),
	), inspector.Access{Redrive: true})
	for says, login := range map[string][3]string{
		"the right one":      {"ops", "a-long-password-for-tests-only-1", "in"},
		"one that has ended": {"ops", "a-long-password-for-tests-only-2", ""},
		"another user":       {"dev", "a-long-password-for-tests-only-1", ""},
		"an empty password":  {"ops", "", ""},
		"nothing":            {"", "", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host, http.NoBody)
		require.NoError(t, err)
		r.SetBasicAuth(login[0], login[1])
		access, err := check(r)
		if login[2] == "in" {
			require.NoError(t, err, says)
			require.Equal(t, inspector.Access{Name: "ops", Redrive: true}, access)
			continue
		}
		require.ErrorIs(t, err, inspector.ErrLogin, says)
		require.Zero(t, access)
	}
}
