package receiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestThePageRunsAFailedEventAgain also holds that the page changes no line and no answer.
func TestThePageRunsAFailedEventAgain(t *testing.T) {
	t.Parallel()
	r := start(t, file("chi", githubEndpoint+"    simulate: {fail_first: 1}\n"), "--page", "127.0.0.1:0")
	address := ""
	for address == "" {
		select {
		case text := <-r.stderr:
			_, address, _ = strings.Cut(strings.TrimSpace(text), "Page ")
		case <-time.After(patience):
			require.FailNow(t, "no page")
		}
	}
	const path = "/hooks/github"
	require.Equal(t, 500, r.send(github(path, "{}")))
	require.Equal(t, signalJSON(path, "github", "72d3162e", "push", "#1", "{}", "error"), r.line())
	forged := github(path, "{}")
	forged.body = "[]"
	require.Equal(t, 400, r.send(forged))
	require.Equal(t, answeredJSON(path, "github", "bad_signature", 400), r.line())

	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	page := &http.Client{Jar: jar, Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	w, err := page.Get(address)
	require.NoError(t, err)
	require.NoError(t, w.Body.Close())
	ask := func(method, path string, form url.Values, into any) {
		at, err := url.Parse(address)
		require.NoError(t, err)
		req, err := http.NewRequestWithContext(t.Context(), method, at.Scheme+"://"+at.Host+path,
			strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w, err := page.Do(req)
		require.NoError(t, err)
		defer func() { _ = w.Body.Close() }()
		require.Equal(t, 200, w.StatusCode)
		require.NoError(t, json.NewDecoder(w.Body).Decode(into))
	}
	var list struct {
		Rows []struct {
			ID, State, Reason string
			Revision          uint64
		}
	}
	// A refusal is recorded after its answer: its line may come before its row.
	require.Eventually(t, func() bool {
		list.Rows = nil
		ask(http.MethodGet, "/", nil, &list)
		return len(list.Rows) == 2
	}, patience, time.Millisecond, "the failed event, and the forged delivery")
	require.Equal(t, "bad_signature", list.Rows[0].Reason)
	failed := list.Rows[1]
	require.Equal(t, "open", failed.State)
	var ran struct{ Result string }
	ask(http.MethodPost, "/event/"+failed.ID+"/redrive", url.Values{"revision": {fmt.Sprint(failed.Revision)}}, &ran)
	require.Equal(t, "done", ran.Result)
	require.Equal(t, signalJSON(path, "github", "72d3162e", "push", "#1", "{}", "ok"), r.line())
	require.Equal(t, 0, r.end())
}

func TestThePageIsForThisMachine(t *testing.T) {
	t.Parallel()
	name := write(t, "receiver.yaml", file("chi", githubEndpoint))
	code, stderr := fails(t, "--config", name, "--page", "0.0.0.0:0")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "--page: ")
}
