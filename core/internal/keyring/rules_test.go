package keyring_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const goodSecret = "a-secret-of-more-than-16-bytes"

// A problem with a secret is said in words that do not hold it.
func TestASecretThatBreaksTheRulesIsNotShown(t *testing.T) {
	t.Parallel()
	text := keyring.Rules{Field: "Secrets", Min: keyring.MinSecretBytes,
		Kinds: []entry.KeyKind{{Algorithm: entry.HMACSHA256}}}
	whole := text
	whole.Kinds = []entry.KeyKind{{Algorithm: entry.HMACSHA256, Key: entry.Key{Whole: "acme_live_webhook_"}}}
	pair := keyring.Rules{Field: "Credentials[0]", Min: keyring.MinSecretBytes, Pair: true}
	weak := text
	weak.WeakOK = true
	for _, row := range []struct {
		name, secret, problem string
		rules                 keyring.Rules
	}{
		{"a good one", goodSecret, "", text},
		{"an empty one", "", "empty", text},
		{"a blank one", " \t ", "blank", text},
		{"a line break at its end", goodSecret + "\n", "white space", text},
		{"a short one", "fifteen-bytes-x", "needs at least 16", text},
		{"a short one that is allowed", "fifteen-bytes-x", "", weak},
		{"a placeholder", "your_webhook_secret", "placeholder", text},
		{"one character over and over", strings.Repeat("x", 32), "placeholder", text},
		{"the beginning alone, as templates show it", "acme_live_webhook_", "placeholder", whole},
		{"the beginning and a key", "acme_live_webhook_" + goodSecret, "", whole},
		{"a pair", "user:" + goodSecret, "", pair},
		{"a pair without a user", ":" + goodSecret, "not a pair", pair},
		{"a pair with a short password", "user:short", "needs at least 16", pair},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, problem := row.rules.Decode(row.secret)
			if row.problem == "" {
				require.Empty(t, problem)
				return
			}
			require.Contains(t, problem, row.problem)
			if secret := strings.TrimSpace(row.secret); len(secret) > 4 {
				require.NotContains(t, problem, secret)
			}
		})
	}
}

func TestMistakesAreSaidOnOneLineEach(t *testing.T) {
	t.Parallel()
	var m fault.Mistakes
	require.NoError(t, m.Err())
	m.Add("Secrets[0]", "", "it is %s", "empty")
	m.Add("Limits.Lease", "1ms", "it must be at least 1s")
	require.EqualError(t, m.Err(), "sallyport: Secrets[0]: it is empty\nsallyport: Limits.Lease \"1ms\": it must "+
		"be at least 1s")
}
