package provider_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
)

// TestABodyAndAQueryOfOneSignatureAreNeverTakenForEachOther: Bolt signs either under one header, and not the method.
func TestABodyAndAQueryOfOneSignatureAreNeverTakenForEachOther(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.Bolt(), ownSecret, time.Unix(ownTime, 0))
	send := func(method, query, body, signed string) *core.Delivery {
		r := httptest.NewRequest(method, "/hooks", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("X-Bolt-Hmac-Sha256", base64.StdEncoding.EncodeToString(ownMAC([]byte(ownSecret), signed)))
		d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		return d
	}
	const query, body = "type=rates&order=1%2B1", `{"type":"payment"}`
	require.NotNil(t, send(http.MethodPost, "", body, body))
	require.NotNil(t, send(http.MethodPost, "src=bolt", body, body), "the query next to a body is not signed")
	get := send(http.MethodGet, query, "", query)
	require.NotNil(t, get)
	require.NotEqual(t, get.Events()[0].Identity, send(http.MethodGet, query+"&a=1", "", query+"&a=1").Events()[0].Identity)
	require.Equal(t, get.Events()[0].Identity, send(http.MethodGet, query, "", query).Events()[0].Identity)

	require.Nil(t, send(http.MethodGet, body, "", body), "a captured body as the query")
	require.Nil(t, send(http.MethodPost, body, "", body), "the same with a POST")
	require.Nil(t, send(http.MethodPost, "", query, query), "a captured query as the body")
	require.Nil(t, send(http.MethodGet, "", query, query))
	require.Nil(t, send(http.MethodGet, "type=rates&order=1%2b1", "", query), "another form of the query")
	require.Nil(t, send(http.MethodGet, query+"&", "", query))
	require.Nil(t, send(http.MethodGet, "", "", query))
	require.Nil(t, send(http.MethodPut, query, "", query), "a method that Bolt does not send")
}
