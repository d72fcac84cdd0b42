package inspector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/inspector"
)

func TestAnEventSaysWhatEachReceiverDidAndWhatTheStoreKnows(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.problem = "no such plan \u202e<b>"
	a.fail.Store(true)
	require.Equal(t, 500, a.send(paid))
	path := "/event/" + string(a.newest().ID)
	page := a.get(path).Body.String()
	require.Regexp(t, `<td>\*</td><td>delivery</td><td><code>signal_failed</code> <small></small></td>`+
		`<td class="number">[\d.]+[µm]?s</td><td><small class="error">no such plan \x{FFFD}&lt;b&gt;</small>`, page)
	require.Contains(t, page, `<dd id="claim">nothing: if it comes again, it runs</dd>`)
	require.Contains(t, page, "<dt>Not authenticated</dt>")

	require.Equal(t, 303, a.post(path+"/redrive", revision(a.newest())).Code)
	page = a.get(path).Body.String()
	require.Contains(t, page, "<td>*</td><td>run</td><td><code>signal_failed</code>")
	a.fail.Store(false)
	require.Equal(t, 303, a.post(path+"/redrive", revision(a.newest())).Code)
	page = a.get(path).Body.String()
	require.Contains(t, page, "<td>*</td><td>run</td><td><code>accepted</code>")
	require.Regexp(t, `<dd id="claim">done since [-\d: ]+ UTC: if it comes again, it is a duplicate`, page)

	var e struct {
		Receivers []struct {
			When, Receiver, Reason, Error string
			Took                          int64 `json:"took_ns"`
		}
		Claim []string
	}
	require.NoError(t, json.Unmarshal(a.get(path, asJSON).Body.Bytes(), &e))
	require.Len(t, e.Receivers, 2)
	require.Positive(t, e.Receivers[0].Took)
	require.Equal(t, "delivery", e.Receivers[0].When)
	require.Contains(t, e.Claim[0], "done since")

	require.Equal(t, 200, a.send(strings.Replace(paid, "evt_1", "evt_2", 1)), "a success, which the journal keeps")
	page = a.get("/event/" + string(a.newest().ID)).Body.String()
	require.Contains(t, page, "<td>*</td><td>delivery</td><td><code>accepted</code>")
}

// A handler without signals is shown as one receiver, with its answer and the time that it took.
func TestAPlainHandlerIsShownAsOneReceiver(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	answer := http.StatusBadGateway
	a.mux.Handle("/plain", httpwebhook.Verify(a.guard)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answer)
	})))
	send := func(body string) int {
		w := a.sender.Send(a.mux, "/plain", webhooktest.Sample{Body: []byte(body)})
		return w.Code
	}
	require.Equal(t, http.StatusBadGateway, send(paid))
	path := "/event/" + string(a.newest().ID)
	require.Regexp(t, `<td>the app&#39;s handler</td><td>delivery</td><td><code>signal_failed</code> <small>`+
		`</small></td><td class="number">[\d.]+[nµm]?s</td><td><small class="error">the handler answered 502</small>`,
		a.get(path).Body.String())
	answer = http.StatusOK
	require.Equal(t, 303, a.post(path+"/redrive", revision(a.newest())).Code)
	require.Regexp(t, `<td>the app&#39;s handler</td><td>run</td><td><code>accepted</code> <small></small></td>`+
		`<td class="number">[\d.]+[nµm]?s</td>`, a.get(path).Body.String())
	require.Equal(t, http.StatusOK, send(strings.Replace(paid, "evt_1", "evt_2", 1)))
	require.Contains(t, a.get("/event/"+string(a.newest().ID)).Body.String(),
		"<td>the app&#39;s handler</td><td>delivery</td><td><code>accepted</code>")
}

// An event that is done is not dismissed, and nothing was to run.
func TestWhatIsDoneIsNotDismissed(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	require.Equal(t, 200, a.send(paid))
	w := a.post("/event/"+string(a.newest().ID)+"/dismiss", revision(a.newest()), asJSON)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), "It is done already: there is nothing to dismiss.")
	require.Equal(t, journal.Done, a.newest().State)
}

// What the page cannot know it says, and the rest of it is there.
func TestAnEventWithoutAStoreOrAGuardIsShown(t *testing.T) {
	t.Parallel()
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	a := newAppWith(t, kept)
	require.NoError(t, kept.Keep(t.Context(), []*journal.Entry{
		{State: journal.Parked, Endpoint: "another app's", Body: []byte("{}"), Reason: reason.Permanent,
			Receivers: []journal.Receiver{{Name: "ledger", Pattern: "*", Reason: reason.Duplicate}}},
	}))
	page := a.get("/event/" + string(a.newest().ID)).Body.String()
	require.Contains(t, page, "not known: the page has no guard of this endpoint")
	require.Contains(t, page,
		"<td>ledger (*)</td><td>delivery</td><td><code>duplicate</code> <small>done before: left out")
	require.NoError(t, kept.Keep(t.Context(), []*journal.Entry{
		{State: journal.Parked, Endpoint: "stripe", Body: []byte("{}"), Reason: reason.Permanent},
	}))
	page = a.get("/event/" + string(a.newest().ID)).Body.String()
	require.Contains(t, page, "not known: the event is not remembered, or the replay store cannot be asked")
	require.Contains(t, page, "Nothing is recorded of single receivers")
}

// The journal holds more than one click may read: the page says what is left, and where it goes on.
func TestManyRunsReadABoundedPartOfTheJournal(t *testing.T) {
	t.Parallel()
	const many = 2500
	a := newApp(t)
	a.fail.Store(true)
	require.Equal(t, 500, a.send(paid)) // the oldest
	for n := range many {
		require.NoError(t, a.kept.Keep(t.Context(), []*journal.Entry{{
			State: journal.Open, Endpoint: "stripe", Provider: "stripe", Reason: reason.SignalFailed,
			Err:      "another problem",
			Identity: [32]byte{9, byte(n), byte(n >> 8)}, Body: []byte("{}"),
		}}))
	}
	a.fail.Store(false)
	type answer struct {
		Results []struct{ Result string }
		Looked  int
		Older   string
		More    bool
	}
	var first, second answer
	form := url.Values{"outcome": {"open"}, "endpoint": {"stripe"}, "error": {"currency"}}
	require.NoError(t, json.Unmarshal(a.post("/redrive", form, asJSON).Body.Bytes(), &first))
	require.Empty(t, first.Results)
	require.Equal(t, 2000, first.Looked)
	require.NotEmpty(t, first.Older)
	page := a.post("/redrive", form).Body.String()
	require.Contains(t, page, "The newest 2000 entries were looked through; older ones are left.")
	require.Contains(t, page, `<input type="hidden" name="before" value="`+first.Older+`">`)

	form.Set("before", first.Older)
	require.NoError(t, json.Unmarshal(a.post("/redrive", form, asJSON).Body.Bytes(), &second))
	require.Equal(t, 501, second.Looked)
	require.Empty(t, second.Older, "it looked at everything")
	require.Len(t, second.Results, 1)
	require.Equal(t, "done", second.Results[0].Result)
	require.Equal(t, int32(2), a.runs.Load())
}

// Of more events than one click runs, the oldest run first, over all clicks.
func TestManyRunInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	for n := range 130 {
		require.Equal(t, 500, a.send(strings.Replace(paid, "evt_1", fmt.Sprintf("evt_%03d", n), 1)))
	}
	a.fail.Store(false)
	form := url.Values{"outcome": {"open"}, "endpoint": {"stripe"}}
	require.Contains(t, a.post("/redrive", form).Body.String(), "100 done, 0 failed. There are more: run it again.")
	for e, err := range a.kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		require.Equal(t, e.EventID < "evt_100", e.State == journal.Done, e.EventID)
	}
	require.Contains(t, a.post("/redrive", form).Body.String(), "30 done, 0 failed.")
}

func TestAReadOnlyPageChangesNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	e := a.newest()
	page, err := inspector.New(inspector.Config{
		Journal: a.kept, Activity: a.activity, Prefix: "/inspector", Hosts: []string{host}, ReadOnly: true,
		Redriver:  &core.Redriver{App: a.mux, Guards: []*core.Guard{a.guard}},
		Authorize: func(*http.Request) (inspector.Access, error) { return everything(), nil },
	})
	require.NoError(t, err)
	t.Cleanup(page.Close)
	a.page = page
	for path, form := range map[string]url.Values{
		"/event/" + string(e.ID) + "/redrive": revision(e), "/event/" + string(e.ID) + "/dismiss": revision(e),
		"/redrive": {"outcome": {"open"}, "endpoint": {"stripe"}}, "/pause": {"endpoint": {"stripe"}},
		"/resume": {"endpoint": {"stripe"}},
	} {
		require.Equal(t, 403, a.post(path, form).Code, path)
	}
	for _, path := range []string{"/", "/?outcome=open", "/event/" + string(e.ID), "/endpoints"} {
		w := a.get(path)
		require.Equal(t, 200, w.Code, path)
		require.NotContains(t, w.Body.String(), `method="post"`, path)
	}
	require.False(t, a.guard.Paused())
	require.Equal(t, e.Revision, a.newest().Revision)
}

func TestTheListSaysHowEachEndpointIsDoing(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	require.Contains(t, a.get("/").Body.String(), "<b>stripe</b> last verified never · 0 rejected since")
	a.send(paid)
	a.forge(paid)
	require.Regexp(t, `<b>stripe</b> last verified <time [^>]+>[-\d: ]+ UTC</time> · 1 rejected since`,
		a.get("/").Body.String())
	a.access.Endpoints = []string{"github"}
	require.NotContains(t, a.get("/").Body.String(), "<b>stripe</b>")
}

func TestAnEndpointIsPausedFromItsEvent(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	path := "/event/" + string(a.newest().ID)
	require.Contains(t, a.get(path).Body.String(), `action="../pause"`)
	require.Equal(t, 303, a.post("/pause", url.Values{"endpoint": {"stripe"}}).Code)
	require.Contains(t, a.get(path).Body.String(), `action="../resume"`)
	a.access.Pause = false
	require.NotContains(t, a.get(path).Body.String(), `/resume"`)
}

// TestAPayloadOf25MiBIsCutWithANote: on each page that shows it, and in what is to be copied. The download is whole.
func TestAPayloadOf25MiBIsCutWithANote(t *testing.T) { //nolint:paralleltest // it holds much memory
	kept, err := journal.InMemory(journal.Config{MaxBody: 32 << 20})
	require.NoError(t, err)
	a := newAppWith(t, kept)
	body := []byte(`{"id":"evt_10001","text":"` + strings.Repeat("\U0001F600<script>", 25<<20/12) + `"}`)
	require.NoError(t, kept.Keep(t.Context(), []*journal.Entry{{State: journal.Parked, Endpoint: "stripe",
		Provider: "stripe", Reason: reason.Permanent, Body: body,
		Request: journal.Request{Method: http.MethodPost, URL: "/webhooks/stripe",
			Header: http.Header{"Content-Type": {"application/json"}}}}}))
	path := "/event/" + string(a.newest().ID)
	for _, show := range []string{path, "/compare?a=" + string(a.newest().ID) + "&b=" + string(a.newest().ID), "/"} {
		w := a.get(show)
		require.Equal(t, 200, w.Code, show)
		require.Less(t, w.Body.Len(), 2<<20, show)
		require.NotContains(t, w.Body.String(), "<script>\U0001F600", show)
	}
	page := a.get(path).Body.String()
	require.Contains(t, page, fmt.Sprintf("The first 262144 of %d bytes are shown; the download has what was kept.",
		len(body)))
	require.NotContains(t, page, "\uFFFD", "a character that the cut has parted is not the sender's mistake")
	require.Contains(t, page, "os.ReadFile(&#34;testdata/event.bin&#34;)")
	require.Equal(t, len(body), a.get(path+"/body").Body.Len())
}

// The replay store does not answer, and the page does.
func TestAStoreThatFailsDoesNotHideTheEvent(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fail.Store(true)
	a.send(paid)
	id := a.newest().ID
	require.NoError(t, a.store.Close())
	page := a.get("/event/" + string(id)).Body.String()
	require.Contains(t, page, "not known: the replay store did not answer")
	require.Contains(t, page, "evt_1")
	require.Contains(t, a.log.String(), "could not ask the replay store")
}

// slowStore takes its time for each answer.
type slowStore struct{ journal.Store }

func (s slowStore) Load(ctx context.Context, ids []journal.ID) ([]journal.Row, error) {
	time.Sleep(30 * time.Millisecond)
	return s.Store.Load(ctx, ids)
}

// A search that finds nothing ends in time, and says where it goes on.
func TestASearchEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kept, err := journal.New(slowStore{journal.NewMemory()}, journal.Config{})
		require.NoError(t, err)
		for n := range 1000 {
			require.NoError(t, kept.Keep(t.Context(), []*journal.Entry{{
				State: journal.Parked, Endpoint: "stripe", Reason: reason.Permanent,
				Identity: [32]byte{1, byte(n), byte(n >> 8)},
			}}))
		}
		a := pageOf(t, inspector.NewActivity(), time.Now())
		page, err := inspector.New(inspector.Config{
			Journal: kept, Prefix: "/inspector", Hosts: []string{host},
			Authorize: func(*http.Request) (inspector.Access, error) { return everything(), nil },
		})
		require.NoError(t, err)
		a.page = page
		begin := time.Now()
		w := a.get("/?text=nothing")
		require.Less(t, time.Since(begin), 200*time.Millisecond)
		require.Contains(t, w.Body.String(), "Search further back")

		looked, older := 1, `href="([^"]+)">Search further back`
		for path := "/?text=nothing"; ; looked++ {
			next := regexp.MustCompile(older).FindStringSubmatch(a.get(path).Body.String())
			if next == nil {
				break
			}
			path = strings.TrimPrefix(html.UnescapeString(next[1]), ".")
		}
		require.Equal(t, 10, looked, "1,000 entries, 101 at a time: 25 are loaded at once, in 30 ms")
	})
}
