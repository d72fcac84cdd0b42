package adaptertest_test

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/provider/jws"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/provider/keccak"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// recorded is a delivery of a sender that needs parameters or a library.
type recorded struct {
	ID, Method, URL, Secret, Expect, Alg, Label string

	Config struct {
		Bundle      string `json:"bundle_id"`
		App         int64  `json:"app_apple_id"`
		Environment string

		Audience, Email string
	}
	Cert    string          `json:"cert_pem"`
	Public  string          `json:"public_key"`
	Base    string          `json:"signature_base"`
	Body    []byte          `json:"body_b64"`
	Headers json.RawMessage // pairs, or an object
	Now     int64

	bringsKeys bool // nothing is configured

	Token    string `json:"verify_token"`
	Response *recordedResponse
}

// recordedResponse is the answer to a handshake.
type recordedResponse struct {
	Status       int
	Body         string
	Acknowledged bool // the body is an acknowledgement that is encrypted for this delivery
}

// events is how many events a valid delivery holds: a question whether a topic's subscription stands holds none.
func (v *recorded) events() int32 {
	var message struct{ Type string }
	if json.Unmarshal(v.Body, &message) == nil && strings.HasSuffix(message.Type, "Confirmation") {
		return 0
	}
	return 1
}

// place gives the URL that is configured, which a handshake does not need, and the target of the request.
func (v *recorded) place() (publicURL, target string) {
	if v.Response == nil {
		return v.URL, "/hooks"
	}
	_, query, _ := strings.Cut(v.URL, "?")
	return "", "/hooks?" + query
}

func (v *recorded) setup() (s core.Setup) {
	if v.Token != "" {
		s.VerifyTokens = secrets.Static(v.Token)
	}
	return s
}

func (v *recorded) header(t *testing.T) http.Header {
	t.Helper()
	h := http.Header{}
	if v.Headers == nil {
		return h
	}
	var object map[string]string
	if json.Unmarshal(v.Headers, &object) == nil {
		for name, value := range object {
			h.Set(name, value)
		}
		return h
	}
	var pairs [][2]string
	require.NoError(t, json.Unmarshal(v.Headers, &pairs))
	for _, pair := range pairs {
		if pair[0] != "Content-Length" && pair[0] != "Host" {
			h.Add(pair[0], pair[1])
		}
	}
	return h
}

// apple has its roots in the entry, and no key is configured.
func (v *recorded) apple() core.Provider {
	root := v.Cert
	v.Cert, v.bringsKeys = "", true
	return jws.AppleAppStore(jws.AppleConfig{
		Roots: [][]byte{[]byte(root)}, BundleID: v.Config.Bundle, Environment: v.Config.Environment,
		AppAppleID: v.Config.App,
	})
}

// armoured is a sender of package jws whose public key the recording has in base64, with or without armour.
func armoured(p core.Provider) func(*recorded) core.Provider {
	return func(v *recorded) core.Provider {
		if !strings.HasPrefix(v.Public, "-----BEGIN") {
			v.Public = "-----BEGIN PUBLIC KEY-----\n" + v.Public + "\n-----END PUBLIC KEY-----\n"
		}
		return p
	}
}

// always is a sender whose entry is the same for each recording.
func always(p core.Provider) func(*recorded) core.Provider {
	return func(*recorded) core.Provider { return p }
}

func (v *recorded) fusionAuth() core.Provider {
	v.Now = time.Now().Unix() // it signs no time
	return jwt.FusionAuth(v.Alg)
}

func (v *recorded) googlePlay() core.Provider {
	return jwt.GooglePlay(jwt.GoogleConfig{Audience: v.Config.Audience, ServiceAccounts: []string{v.Config.Email}})
}

func (v *recorded) sns() core.Provider {
	var message struct{ TopicArn, Timestamp string }
	if json.Unmarshal(v.Body, &message) == nil {
		at, _ := time.Parse(time.RFC3339, message.Timestamp)
		v.Now = at.Unix()
	}
	return provider.AWSSNS(provider.SNSConfig{Topics: []string{message.TopicArn}})
}

// rfc9421 asks for the components that the example covers, which are few.
func (v *recorded) rfc9421() core.Provider {
	c := httpsig.Config{
		Algorithm: httpsig.Algorithm(v.Alg), Label: v.Label, KeyEncoding: httpsig.Base64,
		DangerouslyLeaveUncovered: true, Methods: []string{"GET"},
	}
	for line := range strings.Lines(v.Base) {
		if name, _, _ := strings.Cut(line, ": "); !strings.HasPrefix(name, `"@signature-params"`) {
			c.Components = append(c.Components, strings.Replace(name[1:], `"`, "", 1))
		}
	}
	return httpsig.RFC9421(c)
}

// recordedByOthers are the files of deliveries of senders that need parameters or a library, below core.
func recordedByOthers() map[string]func(*recorded) core.Provider {
	return map[string]func(*recorded) core.Provider{
		"provider/jwt/testdata/vectors/messagebird.json": always(jwt.MessageBird()),
		"provider/testdata/sns/aws-sns.json":             (*recorded).sns,
		"provider/httpsig/testdata/vectors/rfc9421.json": (*recorded).rfc9421,

		"provider/jws/testdata/vectors/apple-app-store.json": (*recorded).apple,
		"provider/jws/testdata/vectors/constant-contact.json": armoured(jws.ConstantContact(
			jws.ConstantContactConfig{DangerouslyAnyRecipient: true})),
		"provider/jws/testdata/vectors/fireblocks.json":       armoured(jws.Fireblocks("w1")),
		"provider/jws/testdata/vectors/kinde.json":            armoured(jws.Kinde()),
		"provider/jws/testdata/vectors/truelayer.json":        armoured(jws.TrueLayer()),
		"provider/jws/testdata/vectors/wix.json":              armoured(jws.Wix()),
		"provider/jwt/testdata/vectors/fusionauth.json":       (*recorded).fusionAuth,
		"provider/jwt/testdata/vectors/google-play-rtdn.json": (*recorded).googlePlay,
		"provider/jwt/testdata/vectors/jira-oauth.json":       always(jwt.JiraOAuth()),
		"provider/jwt/testdata/vectors/livekit.json":          always(jwt.LiveKit()),
		"provider/keccak/testdata/vectors/moralis.json":       always(keccak.Moralis()),
		"provider/testdata/recipients/fal.json":               always(provider.Fal("user-1")),
		"provider/testdata/recipients/oura-handshake.json":    always(unproved.Oura()),
		"provider/testdata/sns/sns-validator.json":            (*recorded).sns,
	}
}

// TestRecordedDeliveriesOfLibrariesThroughEveryRouter sends them over HTTP.
func TestRecordedDeliveriesOfLibrariesThroughEveryRouter(t *testing.T) {
	t.Parallel()
	for file, sender := range recordedByOthers() {
		data, err := os.ReadFile("../../core/" + file)
		require.NoError(t, err)
		var vectors []recorded
		require.NoError(t, json.Unmarshal(data, &vectors))
		require.NotEmpty(t, vectors)
		for _, v := range vectors {
			p := sender(&v)
			e, err := entry.Of(p)
			require.NoError(t, err)
			publicURL, target := v.place()
			key := v.Secret + v.Cert + v.Public
			if key == "" {
				key = "a-secret-of-this-test-and-nothing-else" // of a token that says it is not signed
			}
			c := core.Config{
				Endpoint: "vectors", Provider: p, Secrets: secrets.Static(key), Replay: core.DangerouslyNoReplay,
				PublicURL: publicURL, Setup: v.setup(), DangerouslyAllowWeakSecrets: v.Token != "",
				Now: func() time.Time { return time.Unix(v.Now, 0) }, Logger: slog.New(slog.DiscardHandler),
				DangerouslyAllowHTTP: true,
			}
			if v.bringsKeys {
				c.Secrets = nil
			}
			g, err := core.New(c)
			require.NoError(t, err)
			for name, mount := range everyMount() {
				t.Run(v.ID+" through "+name, func(t *testing.T) {
					t.Parallel()
					var ran atomic.Int32
					server := serve(t, mount(g, func() { ran.Add(1) }))
					r, err := http.NewRequestWithContext(t.Context(), cmp.Or(v.Method, http.MethodPost),
						server.URL+target,
						strings.NewReader(string(v.Body)))
					require.NoError(t, err)
					r.Header = v.header(t)
					got := server.send(t, r)
					if v.Response != nil {
						require.Equal(t, v.Response.Status, got.status)
						require.Equal(t, v.Response.Body, got.body)
						require.Zero(t, ran.Load())
						return
					}
					if v.Expect == "valid" {
						require.Equal(t, http.StatusOK, got.status)
						require.Equal(t, v.events(), ran.Load())
						return
					}
					require.Equal(t, max(e.AuthStatus, http.StatusBadRequest), got.status)
					require.Zero(t, ran.Load())
				})
			}
		}
	}
}
