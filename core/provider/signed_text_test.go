package provider_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestTheEnvironmentOfHygraphIsSigned: what is in the list next to the signature comes once and is compared, and a body
// that JavaScript would read as another one is refused.
func TestTheEnvironmentOfHygraphIsSigned(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.Hygraph(), ownSecret, time.Unix(ownTime, 0))
	at := fmt.Sprint(int64(ownTime) * 1000)
	sign := func(text, env string) string {
		return base64.StdEncoding.EncodeToString(ownMAC([]byte(ownSecret),
			`{"Body":"`+text+`","EnvironmentName":"`+env+`","TimeStamp":`+at+`}`))
	}
	post := func(body, value string) reason.Reason {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("Gcms-Signature", value)
		return reasonOf(g, r)
	}
	const body, text = `{"a":"\n"}`, `{\"a\":\"\\n\"}`
	right := sign(text, "master")
	for _, row := range []struct {
		name, body, value string
		want              reason.Reason
	}{
		{"genuine", body, "sign=" + right + ", env=master, t=" + at, ""},
		{"in another order", body, "t=" + at + ",env=master,sign=" + right, ""},
		{"another environment", body, "sign=" + right + ", env=test, t=" + at, reason.BadSignature},
		{"no environment", body, "sign=" + right + ", t=" + at, reason.MissingSignature},
		{"an empty environment", body, "sign=" + right + ", env=, t=" + at, reason.MalformedSignature},
		{"two environments", body, "sign=" + right + ", env=master, env=test, t=" + at, reason.MalformedSignature},
		{"two environments, the right one last", body, "sign=" + right + ", env=test, env=master, t=" + at,
			reason.MalformedSignature},
		{"an environment that ends the text", body,
			"sign=" + sign(text, `a","b":"c`) + `, env=a","b":"c, t=` + at, reason.MalformedSignature},
		{"two times", body, "sign=" + right + ", env=master, t=" + at + ", t=" + at, reason.MalformedTimestamp},
		{"no time", body, "sign=" + right + ", env=master", reason.MissingTimestamp},
		{"the text itself as the body", text, "sign=" + right + ", env=master, t=" + at, reason.BadSignature},
		{"a byte that is no UTF-8", "{\"a\":\"\xff\"}", "sign=" + sign("{\\\"a\\\":\\\"\xff\\\"}", "master") +
			", env=master, t=" + at, reason.MalformedSignature},
		{"the character that JavaScript puts in its place", "{\"a\":\"\ufffd\"}",
			"sign=" + sign("{\\\"a\\\":\\\"\ufffd\\\"}", "master") + ", env=master, t=" + at, ""},
	} {
		require.Equal(t, row.want, post(row.body, row.value), row.name)
	}
}
