package jwt_test

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
)

// TestRecordedGooglePlayDeliveriesGetTheirVerdict, and the event is the notification that the message holds.
func TestRecordedGooglePlayDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for _, v := range vectorsOf(t, "testdata/vectors/google-play-rtdn.json", 2) {
		p := jwt.GooglePlay(jwt.GoogleConfig{Audience: v.Config.Audience, ServiceAccounts: []string{v.Config.Email}})
		g := guardAt(t, p, []string{v.PublicKey}, nil, time.Unix(v.Now, 0), "")
		receive := func(body string) *core.Delivery {
			r := httptest.NewRequest(v.Method, "https://example.com/hook", strings.NewReader(body))
			for name, value := range v.Headers {
				r.Header.Set(name, value)
			}
			d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			return d
		}
		d := receive(string(v.Body))
		require.Equal(t, v.Expect == "valid", d != nil, v.ID)
		if d == nil {
			continue
		}
		e := d.Events()[0]
		require.Equal(t, []string{"136969346945", "testNotification", "com.some.app"}, []string{e.ID, e.Type, e.Tenant})
		require.Equal(t, int64(1790000000000), e.Time.UnixMilli())
		require.JSONEq(t, `{"version":"1.0","packageName":"com.some.app","eventTimeMillis":"1790000000000",`+
			`"testNotification":{"version":"1.0"}}`, string(e.Payload))

		message := func(id, notification, attempt string) core.Event {
			return receive(`{"deliveryAttempt":` + attempt + `,"message":{"messageId":"` + id + `","data":"` +
				base64.StdEncoding.EncodeToString([]byte(notification)) + `"},"subscription":"s"}`).Events()[0]
		}
		const sold = `{"version":"1.0","subscriptionNotification":{"notificationType":4},"packageName":"p"}`
		first := message("1", sold, "1")
		require.Equal(t, []string{"subscriptionNotification", "4"}, []string{first.Type, first.Action})
		require.Equal(t, first.Identity, message("1", sold, "2").Identity, "another attempt")
		require.NotEqual(t, first.Identity, message("2", sold, "1").Identity, "another message of the same text")
		unwrapped := receive(sold).Events()[0]
		require.Equal(t, []string{"subscriptionNotification", sold},
			[]string{unwrapped.Type, string(unwrapped.Payload)})
		for why, body := range map[string]string{
			"no base64":       `{"message":{"messageId":"1","data":"{}"}}`,
			"a line break":    `{"message":{"messageId":"1","data":"e3\n0="}}`,
			"stray bits":      `{"message":{"messageId":"1","data":"e31="}}`,
			"no text":         `{"message":{"messageId":"1","data":{}}}`,
			"no data":         `{"message":{"messageId":"1"}}`,
			"data that is no": `{"message":{"messageId":"1","data":"e3"}}`,
		} {
			require.NotEmpty(t, receive(body).Events()[0].Payload, why)
		}
	}
}
