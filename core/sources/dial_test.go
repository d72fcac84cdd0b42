package sources_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/sources"
)

// TestTheDocumentIsFetchedFromPublicAddressesAndThroughNoProxy: what the environment says changes nothing unless the
// config asks for it.
func TestTheDocumentIsFetchedFromPublicAddressesAndThroughNoProxy(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "198.51.100.7")
	open := func(url string, change func(*sources.Config)) error {
		c := sources.Config{Document: sources.At(url), Logger: quiet()}
		if change != nil {
			change(&c)
		}
		_, err := sources.Open(t.Context(), c)
		return err
	}
	through := func(c *sources.Config) { c.ProxyFromEnvironment = true }
	for _, url := range []string{"https://192.0.2.1/meta", "https://127.0.0.1/meta", "https://169.254.169.254/meta",
		"https://[::1]/meta"} {
		require.ErrorContains(t, open(url, nil), "not a public address", url)
	}
	require.ErrorContains(t, open("http://192.0.2.1/meta", nil), "not an https URL")
	require.Empty(t, asked)
	require.ErrorContains(t, open("https://192.0.2.1/meta", through), "Forbidden")
	require.Equal(t, []string{"CONNECT 192.0.2.1:443"}, asked)
	require.ErrorContains(t, open("https://198.51.100.7/meta", through), "not a public address",
		"the environment names no proxy for it")
	require.ErrorContains(t, open("https://192.0.2.1/meta", func(c *sources.Config) {
		c.ProxyFromEnvironment, c.Transport = true, http.DefaultTransport
	}), "ProxyFromEnvironment")
	require.Len(t, asked, 1)
}
