package provider_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/sources"
)

// onlyCert serves a certificate at the URLs that are given, and says 403 to every other, as object storage does.
type onlyCert struct {
	text string
	urls []string
	n    int
}

func (o *onlyCert) RoundTrip(r *http.Request) (*http.Response, error) {
	o.n++
	for _, u := range o.urls {
		if r.URL.String() == u {
			return (&host{text: o.text}).RoundTrip(r)
		}
	}
	return (&host{code: http.StatusForbidden}).RoundTrip(r)
}

func sentFrom(r *http.Request, address string) *http.Request {
	r.RemoteAddr = address + ":443"
	return r
}

// TestInventedCertificatesKeepNoGenuineDeliveryOut plays a restart and a rotation while 250 networks name invented
// certificates under the host that is pinned.
func TestInventedCertificatesKeepNoGenuineDeliveryOut(t *testing.T) {
	t.Parallel()
	const first, second = snsCert,
		"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-ffffffffffffffffffffffffffffffff.pem"
	for _, row := range []struct {
		name    string
		sources sources.Source
		before  bool // the genuine sender has sent something before the flood begins
		want    reason.Reason
	}{
		{"who sent a genuine delivery within 24 hours gets its new certificate", nil, true, ""},
		{"who is in Config.Sources gets it after a restart",
			core.Networks("198.51.100.0/24 203.0.113.0/24 192.0.2.0/24"), false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				now := func() time.Time { return time.Unix(ownTime, 0).Add(time.Since(begun)) }
				key, _ := rsaKey(t, 1)
				text, roots := certified(t, key, "sns.amazonaws.com", time.Unix(ownTime, 0))
				h := &onlyCert{text: text, urls: []string{first, second}}
				source, err := keys.SNSCertificates([]string{snsTopic},
					keys.Options{RoundTripper: h, Roots: roots, Now: now})
				require.NoError(t, err)
				g, err := core.New(core.Config{
					Endpoint: "sns", Provider: sns(snsTopic), Keys: source, Replay: memstore.New(),
					Sources: row.sources,
					Logger:  slog.New(slog.DiscardHandler), Now: now, DangerouslyAllowHTTP: true,
				})
				require.NoError(t, err)
				genuine := func(cert string, n int) reason.Reason {
					m := snsMessage("SigningCertURL", cert, "MessageId", fmt.Sprint("genuine-", n))
					return reasonOf(g, sentFrom(snsPost(snsSign(t, key, m)), "192.0.2.10"))
				}
				if row.before {
					require.Equal(t, row.want, genuine(first, 1))
				}
				forged := snsSign(t, key, snsMessage())
				for i := range 120 {
					for n := range 25 {
						invented := strings.Replace(forged, "0123456789abcdef0123456789abcdef",
							fmt.Sprintf("%032x", i*25+n), 1)
						require.NotEmpty(t, reasonOf(g,
							sentFrom(snsPost(invented), fmt.Sprintf("203.0.113.%d", 1+(i*25+n)%250))))
					}
					time.Sleep(time.Second)
				}
				require.Equal(t, row.want, genuine(second, 2))
				require.NoError(t, g.Flush(t.Context()))
			})
		})
	}
}

// TestACapturedDeliveryMakesNoSenderProved: whoever repeats one from other networks gets none of what is kept for
// genuine senders.
func TestACapturedDeliveryMakesNoSenderProved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		now := func() time.Time { return time.Unix(ownTime, 0).Add(time.Since(begun)) }
		key, _ := rsaKey(t, 1)
		text, roots := certified(t, key, "sns.amazonaws.com", time.Unix(ownTime, 0))
		h := &onlyCert{text: text, urls: []string{snsCert}}
		source, err := keys.SNSCertificates([]string{snsTopic}, keys.Options{RoundTripper: h, Roots: roots, Now: now})
		require.NoError(t, err)
		g, err := core.New(core.Config{
			Endpoint: "sns", Provider: sns(snsTopic), Keys: source, Replay: memstore.New(),
			Logger: slog.New(slog.DiscardHandler), Now: now, DangerouslyAllowHTTP: true,
		})
		require.NoError(t, err)
		genuine := snsSign(t, key, snsMessage())
		require.Empty(t, reasonOf(g, sentFrom(snsPost(genuine), "192.0.2.10")))
		for n := range 100 { // each repeats it, and then names three certificates
			from := fmt.Sprintf("203.0.113.%d", 1+n)
			reasonOf(g, sentFrom(snsPost(genuine), from))
			for i := range 3 {
				invented := strings.Replace(genuine, "0123456789abcdef0123456789abcdef", fmt.Sprintf("%032x", n*3+i), 1)
				require.NotEmpty(t, reasonOf(g, sentFrom(snsPost(invented), from)))
			}
		}
		require.LessOrEqual(t, h.n, 31, "30 for all unproved senders, and the genuine one")
		require.NoError(t, g.Flush(t.Context()))
	})
}
