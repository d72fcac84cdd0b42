package receiver

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// TestEveryParameterHasAKey: what a parameter goes into is either the provider's function, or a key that is read here.
func TestEveryParameterHasAKey(t *testing.T) {
	t.Parallel()
	names, secret := parameterNames()
	for _, e := range catalogue.All() {
		for _, p := range e.Parameters {
			if p.Field == "" {
				require.Contains(t, names, p.Name)
				require.Equal(t, p.Secret, secret[p.Name])
				continue
			}
			require.Contains(t, []string{catalogue.PublicURL, catalogue.VerifyToken, catalogue.AwaitSecret,
				catalogue.SecretSinkFile}, p.Name, e.Name)
		}
	}
}

func TestMistakesInParametersNameLineAndKey(t *testing.T) {
	t.Parallel()
	key := keyFileOf(t, "discord")
	for _, row := range []struct{ what, endpoint, want string }{
		{"a parameter that is missing", "provider: aws-sns",
			`:3: endpoints[0].topics: is missing, and aws-sns needs it: the ARNs`},
		{"a parameter of another", "provider: github\n    secrets: [" + secret + "]\n    topics: [x]",
			`:6: endpoints[0].topics: github has no such parameter; it needs nothing but secrets`},
		{"one that takes one", "provider: paypal\n    webhook_id: [a, b]",
			`:5: endpoints[0].webhook_id: paypal takes one value, not 2`},
		{"one that is a number", "provider: paypal\n    webhook_id: 12",
			`:5: endpoints[0].webhook_id: must be text; if it is, put it in quotes`},
		{"an empty list", "provider: aws-sns\n    topics: []",
			`:5: endpoints[0].topics: must be a list with at least one item`},
		{"a verify token that nobody asks for", "provider: github\n    secrets: [" + secret + "]\n    verify_token: " +
			secret, `:6: endpoints[0].verify_token: github asks for none`},
		{"key files of a provider with secrets", "provider: github\n    keys: [" + key + "]",
			`:5: endpoints[0].keys: github signs with a secret`},
		{"a key file that is not there", "provider: discord\n    keys: [/no/such/file]",
			`:5: endpoints[0].keys[0]: open /no/such/file`},
		{"a key file that holds no key", "provider: discord\n    keys: [" + key + ", " + write(t, "x.pem", "nonsense") +
			"]", `:5: endpoints[0].keys[1]: `},
		{"a key that is no key", "provider: discord\n    secrets: [nonsense]\n    keys: [" + key + "]",
			`:5: endpoints[0].secrets[0]: `},
		{"neither secrets nor keys", "provider: discord", `:3: endpoints[0].secrets: `},
	} {
		file := write(t, "receiver.yaml", "listen: 127.0.0.1:0\nendpoints:\n  - path: /hooks\n    "+row.endpoint+"\n")
		code, text := fails(t, "--config", file)
		require.Equal(t, 1, code, row.what)
		require.Contains(t, text, row.want, row.what)
		require.Equal(t, 1, strings.Count(strings.TrimSpace(text), "\n")+1, "%s: one mistake, once: %s", row.what, text)
	}
}

func TestParametersByFlags(t *testing.T) {
	t.Parallel()
	key := keyFileOf(t, "discord")
	require.Equal(t, 0, start(t, "", "--provider", "discord", "--key", key, "--listen", "127.0.0.1:0").end())
	require.Equal(t, 0, start(t, "", "--provider", "aws-sns", "--param",
		"topics=arn:aws:sns:eu-west-1:123456789012:orders", "--listen", "127.0.0.1:0").end())
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"--provider", "aws-sns"}, "--param topics: is missing"},
		{[]string{"--provider", "discord", "--key", key, "--param", "nothing=1"},
			"--param nothing: discord has no such parameter"},
		{[]string{"--provider", "discord"}, "--secret-env: is missing"},
		{[]string{"--provider", "notion", "--param", "secret_sink_file=x"}, "secret_sink_file: stands in a file only"},
		{[]string{"--provider", "wecom", "--param", "receive_ids=a", "--param", "encoding_aes_keys=NO_SUCH_VARIABLE"},
			"NO_SUCH_VARIABLE"},
		{[]string{"--provider", "meta", "--key", key, "--param", "verify_token=1"}, "verify_token: has a flag of its own"},
	} {
		code, text := fails(t, row.args...)
		require.Equal(t, 1, code)
		require.Contains(t, text, row.want)
	}
}

// keyFileOf makes a public key of a provider, as PEM.
func keyFileOf(t *testing.T, name string) string {
	t.Helper()
	p, ok := provider.ByName(name)
	require.True(t, ok)
	return publicKeyFile(t, webhooktest.NewSender(p).Secret())
}

// publicKeyFile writes a public key as PEM.
func publicKeyFile(t *testing.T, public string) string {
	t.Helper()
	if strings.HasPrefix(public, "-----BEGIN") {
		return write(t, "public.pem", public)
	}
	der := publicKey(public)
	require.NotNil(t, der)
	return write(t, "public.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
}

// publicKey is the DER of a public key as a provider shows it: a key of Ed25519 comes as its 32 bytes, and gets the
// header of its kind. It is nil where the text is no public key.
func publicKey(text string) []byte {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes
	}
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
		raw, err := decode(strings.TrimPrefix(text, "whpk_"))
		if err == nil && len(raw) == 32 {
			raw = append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, raw...)
		}
		if _, bad := x509.ParsePKIXPublicKey(raw); err == nil && bad == nil {
			return raw
		}
	}
	return nil
}
