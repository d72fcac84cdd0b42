package unproved_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
)

// TestTheOlderSignatureOfRechargeStandsInForNoNewerOne: a delivery that has the newer signature, whatever it is, is not
// accepted by the older one, and the newer entry does not look at the older one.
func TestTheOlderSignatureOfRechargeStandsInForNoNewerOne(t *testing.T) {
	t.Parallel()
	const body = `{"charge":{"id":123}}`
	sum := sha256.Sum256([]byte(secret + body))
	older := hex.EncodeToString(sum[:])
	right := "t=1772366400,v1=" + hex.EncodeToString(mac("1772366400."+body))
	wrong := "t=1772366400,v1=" + strings.Repeat("0", 64)
	post := func(p core.Provider, headers ...string) bool {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
		return receive(t, p, r) != nil
	}
	const old, newer = "X-Recharge-Hmac-Sha256", "X-Recharge-Webhook-Signature"
	require.True(t, post(unproved.RechargeLegacy(), old, older))
	for why, value := range map[string]string{"wrong": wrong, "right": right, "empty": "", "malformed": "x"} {
		require.False(t, post(unproved.RechargeLegacy(), old, older, newer, value), why)
	}
	require.True(t, post(unproved.Recharge(), newer, right))
	require.True(t, post(unproved.Recharge(), newer, right, old, "x"))
	require.False(t, post(unproved.Recharge(), newer, wrong, old, older))
	require.False(t, post(unproved.Recharge(), old, older))
}
