package jwt_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestRecordedLiveKitDeliveriesGetTheirVerdict: made elsewhere, after the code of the sender.
func TestRecordedLiveKitDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for _, v := range vectorsOf(t, "testdata/vectors/livekit.json", 6) {
		g := guardAt(t, jwt.LiveKit(), []string{v.Secret}, nil, time.Unix(v.Now, 0), "")
		r := post("Authorization", v.Headers["Authorization"], string(v.Body))
		require.Equal(t, v.Expect == "valid", reasonOf(g, r) == "", v.ID)
	}
}

// TestLiveKitTokens: participants hold tokens under the same secret, and none of them proves a webhook.
func TestLiveKitTokens(t *testing.T) {
	t.Parallel()
	const body = `{"event":"room_started","id":"EV_1","createdAt":"1772366400"}`
	sum := sha256.Sum256([]byte(body))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	g := guardOf(t, jwt.LiveKit(), []string{secret}, nil)
	for _, row := range []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"key","nbf":%d,"exp":%d,"sha256":%q}`, now, now+300, hash)), ""},
		{"another secret", hs256(otherSecret, plainHeader,
			fmt.Sprintf(`{"iss":"key","nbf":%d,"exp":%d,"sha256":%q}`, now, now+300, hash)), reason.BadSignature},
		{"a participant's", hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"key","sub":"jo","nbf":%d,"exp":%d,"video":{"roomJoin":true}}`, now, now+300)),
			reason.BadSignature},
		{"the hash in hexadecimal digits", hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"key","nbf":%d,"exp":%d,"sha256":"%x"}`, now, now+300, sum)), reason.BadSignature},
		{"expired", hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"key","nbf":%d,"exp":%d,"sha256":%q}`, now-200, now-31, hash)), reason.Stale},
		{"old, though it counts for a day", hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"key","nbf":%d,"exp":%d,"sha256":%q}`, now-301, now+86400, hash)), reason.Stale},
		{"without an end", hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"key","nbf":%d,"sha256":%q}`, now, hash)), reason.MissingTimestamp},
		{"without a beginning", hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"key","exp":%d,"sha256":%q}`, now+300, hash)), reason.MissingTimestamp},
		{"of another algorithm", hs512(secret, `{"alg":"HS512"}`,
			fmt.Sprintf(`{"iss":"key","nbf":%d,"exp":%d,"sha256":%q}`, now, now+300, hash)), reason.MalformedSignature},
	} {
		require.Equal(t, row.want, reasonOf(g, post("Authorization", row.value, body)), row.name)
	}
}
