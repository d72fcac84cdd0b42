package jwt_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestRecordedJiraOAuthDeliveriesGetTheirVerdict: made elsewhere, by the documented formula.
func TestRecordedJiraOAuthDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for _, v := range vectorsOf(t, "testdata/vectors/jira-oauth.json", 3) {
		g := guardAt(t, jwt.JiraOAuth(), []string{v.Secret}, nil, time.Unix(v.Now, 0), "")
		r := post("Authorization", v.Headers["Authorization"], string(v.Body))
		require.Equal(t, v.Expect == "valid", reasonOf(g, r) == "", v.ID)
	}
}

func TestJiraOAuthTokens(t *testing.T) {
	t.Parallel()
	g := guardOf(t, jwt.JiraOAuth(), []string{secret}, nil)
	claims := fmt.Sprintf(`{"iss":"client","iat":%d,"exp":%d}`, now, now+180)
	for _, row := range []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", "Bearer " + hs256(secret, plainHeader, claims), ""},
		{"another secret", "Bearer " + hs256(otherSecret, plainHeader, claims), reason.BadSignature},
		{"the scheme of Connect apps", "JWT " + hs256(secret, plainHeader, claims), reason.MissingSignature},
		{"no scheme", hs256(secret, plainHeader, claims), reason.MissingSignature},
		{"another algorithm", "Bearer " + hs512(secret, `{"alg":"HS512"}`, claims), reason.MalformedSignature},
		{"expired", "Bearer " + hs256(secret, plainHeader, fmt.Sprintf(`{"iat":%d,"exp":%d}`, now-200, now-31)),
			reason.Stale},
		{"without an end", "Bearer " + hs256(secret, plainHeader, fmt.Sprintf(`{"iat":%d}`, now)),
			reason.MissingTimestamp},
		{"without a beginning", "Bearer " + hs256(secret, plainHeader, fmt.Sprintf(`{"exp":%d}`, now+60)),
			reason.MissingTimestamp},
		{"old, though it has not expired", "Bearer " +
			hs256(secret, plainHeader, fmt.Sprintf(`{"iat":%d,"exp":%d}`, now-301, now+60)), reason.Stale},
	} {
		require.Equal(t, row.want,
			reasonOf(g, post("Authorization", row.value, `{"webhookEvent":"jira:issue_updated"}`)), row.name)
	}
}
