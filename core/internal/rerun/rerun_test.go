package rerun_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/rerun"
	"github.com/sallyport-go/sallyport/core/journal"
)

func TestARequestIsThatOfTheEntry(t *testing.T) {
	e := &journal.Entry{Body: []byte("{}"), Request: journal.Request{
		Method: "POST", URL: "/hooks?a=1", Host: "example.com", RemoteAddr: "192.0.2.1:7", TLS: true,
		Header: http.Header{"X-Id": {"7"}},
	}}
	r, err := rerun.Request(e)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, "{}", string(body))
	require.EqualValues(t, 2, r.ContentLength)
	require.Equal(t, "/hooks?a=1", r.RequestURI)
	require.NotNil(t, r.TLS, "middleware that redirects plain HTTP lets it pass")
	r.Header.Set("X-Id", "8")
	require.Equal(t, "7", e.Request.Header.Get("X-Id"), "the entry keeps its own")
	e.Request.URL = "not a URL"
	_, err = rerun.Request(e)
	require.Error(t, err)
	r, err = rerun.Request(&journal.Entry{Request: journal.Request{URL: "/"}})
	require.NoError(t, err)
	require.NotNil(t, r.Header)
	require.Nil(t, r.TLS)
}

func TestAnAnswerIsKeptUpToItsBound(t *testing.T) {
	w := rerun.NewAnswer()
	require.Equal(t, 200, w.Status())
	w.WriteHeader(103)
	w.Flush()
	w.WriteHeader(418)
	w.WriteHeader(500)
	require.Equal(t, 418, w.Status(), "the first final status counts")
	for range 2 {
		n, err := io.WriteString(w, strings.Repeat("x", 4<<10))
		require.NoError(t, err)
		require.Equal(t, 4<<10, n, "a short write would look like an error to the app")
	}
	require.Len(t, w.Body(), 4<<10)
	w.Header().Set("X-Id", "7")
}
