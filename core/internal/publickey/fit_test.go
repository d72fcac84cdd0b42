package publickey_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
)

func TestAKeyThatIsFitIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	var last publickey.LastChecked
	one, other, rsaKey := &ecdsa.PublicKey{}, &ecdsa.PublicKey{}, &rsa.PublicKey{}
	looked := 0
	look := func(problem string) func(string, crypto.PublicKey) string {
		return func(string, crypto.PublicKey) string { looked++; return problem }
	}
	for _, step := range []struct {
		name      string
		algorithm string
		key       crypto.PublicKey
		problem   string
		looked    int
	}{
		{"unfit", "ES256", one, "weak", 1},
		{"unfit still: only what is fit is remembered", "ES256", one, "weak", 1},
		{"fit", "ES256", one, "", 1},
		{"the same again", "ES256", one, "", 0},
		{"for another algorithm", "RS256", one, "it is of another type", 1},
		{"the same again, for its own", "ES256", one, "", 0},
		{"another key of the same content", "ES256", other, "", 1},
		{"one that was fit before it", "ES256", one, "", 1},
		{"an RSA key", "RS256", rsaKey, "", 1},
		{"again", "RS256", rsaKey, "", 0},
		{"no pointer", "EdDSA", ed25519.PublicKey("a"), "", 1},
		{"again: where it is says nothing", "EdDSA", ed25519.PublicKey("a"), "", 1},
		{"no key", "EdDSA", nil, "no key", 1},
	} {
		looked = 0
		got := last.Check(step.algorithm, step.key, look(step.problem))
		require.Equal(t, step.looked, looked, step.name)
		if step.looked > 0 {
			require.Equal(t, step.problem, got, step.name)
		} else {
			require.Empty(t, got, step.name)
		}
	}
}
