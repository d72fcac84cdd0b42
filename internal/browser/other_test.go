package browser_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// serve serves one page of another origin, and returns its address.
func serve(t *testing.T, page string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><link rel=icon href='data:,'>" + page))
	}))
	t.Cleanup(s.Close)
	return s.URL
}
