package jwt_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestRecordedFusionAuthDeliveriesGetTheirVerdict: made elsewhere, by the documented formula. Among them are a hash in
// hexadecimal digits and a token of HS256 whose secret is the public key.
func TestRecordedFusionAuthDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for _, v := range vectorsOf(t, "testdata/vectors/fusionauth.json", 5) {
		g := guardAt(t, jwt.FusionAuth(v.Alg), []string{v.PublicKey}, nil, time.Unix(now, 0), "")
		r := post("X-FusionAuth-Signature-JWT", v.Headers["X-FusionAuth-Signature-JWT"], string(v.Body))
		require.Equal(t, v.Expect == "valid", reasonOf(g, r) == "", v.ID)
	}
}

// TestFusionAuthsAlgorithmIsTheReceivers: each configured algorithm takes its own tokens and those of no other.
func TestFusionAuthsAlgorithmIsTheReceivers(t *testing.T) {
	t.Parallel()
	const body = `{"event":{"id":"1","type":"user.create","createInstant":1772366400000,"tenantId":"t"}}`
	algorithms := []string{"RS256", "ES256", "EdDSA", "HS256"}
	for _, mine := range algorithms {
		k := keysOf(jwt.FusionAuth(mine))
		g := guardOf(t, jwt.FusionAuth(mine), []string{k.configured}, nil)
		for _, theirs := range algorithms {
			p := jwt.FusionAuth(theirs)
			key := keysOf(p).right
			if theirs == mine {
				key = k.right
			}
			require.Equal(t, theirs == mine, reasonOf(g, signedRequest(t, p, key, body)) == "", "%s under %s", theirs,
				mine)
		}
		require.NotEmpty(t, reasonOf(g, signedRequest(t, jwt.FusionAuth(mine), k.wrong, body)), "%s of another key",
			mine)
		changed := signedRequest(t, jwt.FusionAuth(mine), k.right, body)
		other := httptest.NewRequest(http.MethodPost, hook,
			strings.NewReader(strings.Replace(body, "create", "delete", 1)))
		other.Header = changed.Header
		require.NotEmpty(t, reasonOf(g, other), "%s over another body", mine)
	}
	_, err := core.New(core.Config{
		Endpoint: "x", Provider: jwt.FusionAuth("none"), Secrets: secrets.Static(secret),
		Replay: core.DangerouslyNoReplay,
	})
	require.ErrorContains(t, err, "RS256, ES256, EdDSA, HS256")
	require.NotNil(t, webhooktest.NewSender(jwt.FusionAuth("EdDSA")))
}
