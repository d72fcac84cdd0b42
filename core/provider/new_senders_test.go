package provider_test

import (
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

// TestNothingMovesFromAHeaderIntoTheBodyBeforeIt: Klaviyo signs the body and a header with nothing between them.
// Whoever captured a delivery could send the first characters of the header as the end of the body.
func TestNothingMovesFromAHeaderIntoTheBodyBeforeIt(t *testing.T) {
	t.Parallel()
	const body, at = `{"data":[{"external_id":"1","topic":"a"}]}`, "Sun, 01 Mar 2026 12:00:00 GMT"
	p := provider.Klaviyo()
	g := guardOf(t, p, ownSecret, time.Unix(ownTime, 0))
	post := func(body, at string) bool {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("Klaviyo-Timestamp", at)
		r.Header.Set("Klaviyo-Signature", ownHex(body+at))
		return accepts(g, r)
	}
	require.True(t, post(body, at))
	require.True(t, post(body+"\n", at), "blanks behind the body are part of it")
	for cut := 1; cut < len(at); cut++ {
		require.False(t, post(body+at[:cut], at[cut:]), "%d characters of the header", cut)
	}
	for cut := 1; cut < len(body); cut++ {
		require.False(t, post(body[:cut], body[cut:]+at), "the body ends at %d", cut)
	}
}

// TestAirshipAsksForItsValidationCode: the question is signed, and is answered with the code that was configured.
func TestAirshipAsksForItsValidationCode(t *testing.T) {
	t.Parallel()
	const code, at = "559384cd-6284-4e3e-9e4e-7c260019a251", "1772366400"
	now := time.Unix(1772366400, 0)
	ask := func(p core.Provider, signature string) (*core.Delivery, *core.Reply) {
		r := httptest.NewRequest(http.MethodGet, "/hooks", http.NoBody)
		r.Header.Set("X-UA-TIMESTAMP", at)
		if signature != "" {
			r.Header.Set("X-UA-SIGNATURE", signature)
		}
		return guardOf(t, p, ownSecret, now).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	}
	with, without := provider.Airship(code), provider.Airship()
	d, reply := ask(with, ownHex(at+":"))
	require.Nil(t, d)
	require.Equal(t, http.StatusOK, reply.Status)
	require.Equal(t, `{"confirmation_code":"`+code+`"}`, string(reply.Body))
	for name, signature := range map[string]string{"none": "", "another's": ownHex("1772366401:")} {
		d, reply = ask(with, signature)
		require.Nil(t, d, name)
		require.NotEqual(t, http.StatusOK, reply.Status, name)
		require.NotContains(t, string(reply.Body), code, name)
	}
	d, reply = ask(without, ownHex(at+":"))
	require.Nil(t, d, "a GET is never a delivery")
	require.NotEqual(t, http.StatusOK, reply.Status)
	_, err := core.New(core.Config{Provider: provider.Airship(`"}`)})
	require.ErrorContains(t, err, "validation code")
}

// TestAnAppKeyIsSignedInFrontOfTheBody: it is one text with the body, and another key makes another text.
func TestAnAppKeyIsSignedInFrontOfTheBody(t *testing.T) {
	t.Parallel()
	post := func(appKey, body, signed string) bool {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("Authorization", ownHex(signed))
		return accepts(guardOf(t, provider.TikTokShop(appKey), ownSecret, time.Unix(ownTime, 0)), r)
	}
	require.True(t, post("key1", `{"type":1}`, `key1{"type":1}`))
	require.False(t, post("key2", `{"type":1}`, `key1{"type":1}`), "for another app")
	require.False(t, post("key1", `1{"type":1}`, `key1{"type":1}`), "a byte of the key in the body")
	require.False(t, post("key1", `{"type":1}`, `{"type":1}`), "without the key")
	_, err := core.New(core.Config{Endpoint: "x", Provider: provider.TikTokShop(""), Replay: core.DangerouslyNoReplay})
	require.ErrorContains(t, err, "TikTokShop needs the app's key")
}
