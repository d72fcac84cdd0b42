package receiver

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestASlipWithQuotesShowsNoSecret: YAML reads some characters as signs of its own, and says so in words that would
// hold the secret.
func TestASlipWithQuotesShowsNoSecret(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel() // some of it is a good configuration after all
	for _, written := range []string{
		"*" + secret, "&" + secret, "!" + secret, "!!" + secret, "!" + secret + "!x y", "!<" + secret + "> x", "'" +
			secret, `"` + secret, "|" + secret, ">" + secret, "@" + secret, "`" + secret, "%" + secret, "{" + secret,
		"{" + secret + "}", "[" + secret, "]" + secret, "}" + secret, secret + ":", secret + ": x", "? " + secret,
		"- " + secret, `"\q` + secret + `"`, "user: " + secret,
		"{" + secret + ": x}", "{value: a, " + secret + ": x}", "{env: 'A', " + secret + "}", "{? [" + secret +
			"] : x}", "{value: {" + secret + ": x}}", "\t" + secret, "<<: *" + secret, "\x01" + secret, "\xff" + secret,
	} {
		for _, list := range []string{
			"    secrets:\n      - " + written + "\n", "    secrets: [" + written + "]\n",
			"    secrets: " + written + "\n",
			"    verify_token: " + written + "\n",
			"    replay: {store: redis, namespace: receiver, url: " + written + "}\n",
			"    credentials: {bearer: [" + written + "]}\n",
		} {
			name := write(t, "slip.yaml", "listen: 127.0.0.1:0\nendpoints:\n  - path: /hooks\n    provider: meta\n"+
				list)
			var stdout, stderr bytes.Buffer
			run(ended, []string{"--config", name}, &stdout, &stderr)
			require.NotContains(t, stdout.String()+stderr.String(), strings.TrimSuffix(secret, "f"), list)
		}
	}
}
