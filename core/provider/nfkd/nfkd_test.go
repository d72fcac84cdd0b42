package nfkd_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider/nfkd"
	"github.com/sallyport-go/sallyport/core/secrets"
)

const body = `{"id":"evt_1","description":"tracker.updated"}`

func guard(secret string) (*core.Guard, error) {
	return core.New(core.Config{
		Endpoint: "easypost", Provider: nfkd.EasyPost(), Secrets: secrets.Static(secret),
		Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
	})
}

// TestEasyPostSignsUnderTheDecomposedSecret: the key is the decomposition of the secret, however it was typed, and
// never the composed form.
func TestEasyPostSignsUnderTheDecomposedSecret(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "un-secret-tr\u00e8s-serr\u00e9", "un-secret-tre\u0300s-serre\u0301"
	accepts := func(secret, key string) bool {
		g, err := guard(secret)
		require.NoError(t, err)
		mac := hmac.New(sha256.New, []byte(key))
		_, _ = mac.Write([]byte(body))
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("X-Hmac-Signature", "hmac-sha256-hex="+hex.EncodeToString(mac.Sum(nil)))
		d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		return d != nil
	}
	for _, row := range []struct {
		name, secret, key string
		accepted          bool
	}{
		{"a composed secret", composed, decomposed, true},
		{"a decomposed secret", decomposed, decomposed, true},
		{"the composed form as the key", composed, composed, false},
		{"a ligature and wide letters", "\uff41-long-secret-with-a-\ufb01g", "a-long-secret-with-a-fig", true},
		{"a syllable of Hangul", "a-secret-with-\ud55c\uae00", "a-secret-with-\u1112\u1161\u11ab\u1100\u1173\u11af", true},
		{"marks in another order", "a-long-secret-a\u0301\u0323", "a-long-secret-a\u0323\u0301", true},
		{"a secret in ASCII", "a-secret-of-enough-bytes", "a-secret-of-enough-bytes", true},
	} {
		require.Equal(t, row.accepted, accepts(row.secret, row.key), row.name)
	}
}

// TestADecompositionMakesNoWeakSecretStrong: one letter that becomes dozens of bytes stays one letter, and a word of
// templates stays one in wide letters.
func TestADecompositionMakesNoWeakSecretStrong(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{
		"one letter of 33 bytes": "\ufdfa",
		"a template's word":      "\uff43\uff48\uff41\uff4e\uff47\uff45\uff4d\uff45",
		"white space":            "\u3000\u3000\u3000\u3000\u3000\u3000",
		"short":                  "s\u00e9cret",
	} {
		_, err := guard(secret)
		require.ErrorContains(t, err, "secret", name)
	}
}
