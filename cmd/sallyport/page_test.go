package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// scripted is a page whose answers a test makes up.
func scripted(t *testing.T, cmd *command, answer func(n int, r *http.Request) any) *atomic.Int32 {
	t.Helper()
	asked := &atomic.Int32{}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(answer(int(asked.Add(1)), r))
	}))
	t.Cleanup(page.Close)
	cmd.env["SALLYPORT_PAGE"], cmd.env["SALLYPORT_LOGIN"] = page.URL, "ops:password"
	return asked
}

func TestAListIsBoundedWhateverThePageAnswers(t *testing.T) {
	t.Parallel()
	row := map[string]any{"id": "x", "type": "invoice.paid"}
	for name, c := range map[string]struct {
		answer func(n int, r *http.Request) any
		args   []string
		asked  int32
		status int
		rows   int
		says   string
	}{
		"pages lead on without an end": {func(n int, _ *http.Request) any {
			return map[string]any{"rows": []any{}, "older": "before=" + strconv.Itoa(n)}
		}, nil, maxPages, good, 0, "200 pages of the list were searched; there are older events"},
		"a page leads to itself": {func(int, *http.Request) any {
			return map[string]any{"rows": []any{row}, "older": "before=1"}
		}, nil, 2, usage, 0, "leads from older events back to newer ones"},
		"there is more than is wanted": {func(n int, _ *http.Request) any {
			return map[string]any{"rows": []any{row, row, row}, "older": "before=" + strconv.Itoa(n)}
		}, []string{"--limit", "5"}, 2, good, 5, ""},
		"there is less": {func(int, *http.Request) any { return map[string]any{"rows": []any{row}} },
			nil, 1, good, 1, ""},
		"no rows are wanted": {func(int, *http.Request) any { return nil },
			[]string{"--limit", "0"}, 0, usage, 0, "--limit 0 is not between 1 and 10000"},
		"too many are wanted": {func(int, *http.Request) any { return nil },
			[]string{"--limit", "10001"}, 0, usage, 0, "--limit 10001 is not between 1 and 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := newCommand(t)
			asked := scripted(t, cmd, c.answer)
			status, out, err := cmd.run(append([]string{"events"}, c.args...)...)
			require.Equal(t, c.status, status, err)
			require.Equal(t, c.asked, asked.Load())
			require.Equal(t, c.rows, strings.Count(out, "invoice.paid"))
			require.Contains(t, err, c.says)
			require.Equal(t, c.says != "", err != "")
			require.LessOrEqual(t, strings.Count(err, "\n"), 1)
		})
	}
}

// The page looks through a part of the journal for each request: the command goes on until something has run.
func TestManyRunsGoOnWhereThePageHasStopped(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	var before []string
	asked := scripted(t, cmd, func(n int, r *http.Request) any {
		before = append(before, r.PostFormValue("before"))
		if n < 3 {
			return map[string]any{"results": []any{}, "older": fmt.Sprint(n)}
		}
		return map[string]any{"results": []any{map[string]any{"id": "x", "result": "done"}}}
	})
	require.Contains(t, cmd.good("redrive", "--error", "currency"), "1 redriven: 1 done\n")
	require.Equal(t, int32(3), asked.Load())
	require.Equal(t, []string{"", "1", "2"}, before)

	asked = scripted(t, cmd, func(n int, _ *http.Request) any {
		return map[string]any{"results": []any{}, "older": fmt.Sprint(n)}
	})
	require.Contains(t, cmd.good("redrive"), "0 redriven: 0 done\nThere may be more")
	require.Equal(t, int32(maxPages), asked.Load())
}

func TestShowSaysWhatTheReceiversDid(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	a := operate(t, cmd)
	a.fail.Store(true)
	a.sender.Send(a.mux, "/webhooks/stripe", webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)})
	id := strings.Fields(cmd.good("events"))[0]
	out := cmd.good("show", id)
	require.Regexp(t, `(?m)^receiver  \*  delivery  permanent  [\d.]+[nµm]?s  column "currency" does not exist`, out)
	require.Regexp(t, `(?m)^store     done since .* only a run from here works on it again$`, out)
	require.NotContains(t, out, "\x1b")
}
