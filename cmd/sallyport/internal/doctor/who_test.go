package doctor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhoSentThis(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	t.Setenv("GITHUB_SECRET", "made-up-for-tests-of-github-0123456789")
	config := filepath.Join(t.TempDir(), "receiver.yaml")
	require.NoError(t, os.WriteFile(config, []byte(`
endpoints:
  - {path: /hooks/github, provider: github, secrets: [{env: GITHUB_SECRET}]}
  - {path: /hooks/stripe, provider: stripe, secrets: [{env: STRIPE_SECRET}]}
`), 0o600))
	byGitHub := raw(body, "X-Hub-Signature-256", "sha256="+mac("made-up-for-tests-of-github-0123456789", body))
	for _, row := range []struct {
		name, request string
		args          []string
		status        int
		want          string
	}{
		{"by its header alone", signed(body, body), nil, accepted,
			"It looks like a delivery of stripe. Nothing was verified: give --secret-env.\n"},
		{"with the secret", signed(body, body), []string{"--secret-env", "STRIPE_SECRET"}, accepted,
			"It was sent by stripe.\n"},
		{"with the secret of another", signed(body, body), []string{"--secret-env", "GITHUB_SECRET"}, refused,
			"It is not known who sent it.\n"},
		{"of several names", signed(body, body), []string{"--provider", "github", "--provider", "stripe", "--secret-env",
			"STRIPE_SECRET"}, accepted, "github  missing_signature: "},
		{"of one name, asked for by --who", signed(body, body), []string{"--who", "--provider", "stripe"}, accepted,
			"stripe  the request has its header Stripe-Signature\n"},
		{"of a configuration, whatever its path", byGitHub, []string{"--config", config, "--who"}, accepted,
			"/hooks/github of github  the secret GITHUB_SECRET matches\n"},
		{"a changed body", signed(body, body+"x"), []string{"--config", config, "--who"}, refused,
			"It is not known who sent it.\n"},
		{"nobody's", raw(body), nil, refused, "It is not known who sent it.\n"},
		{"a header that several have", byGitHub, nil, refused, "It looks like one of github, "},
		{"a header that several have, with a secret", byGitHub, []string{"--secret-env", "GITHUB_SECRET"}, accepted,
			"It was sent by one of github, "},
		{"a header that several have, and one that fewer have",
			strings.Replace(byGitHub, "X-Hub", "X-GitHub-Event: push\r\nX-Hub", 1), []string{"--secret-env",
				"GITHUB_SECRET"}, accepted, "It was sent by one of github, github-style: they sign alike.\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, out, errs := doctor(t, row.request, row.args...)
			require.Empty(t, errs)
			require.Contains(t, out, row.want)
			require.Equal(t, row.status, status, out)
		})
	}
	status, _, errs := doctor(t, signed(body, body), "--provider", "stripe", "--provider", "strip")
	require.Equal(t, unjudged, status)
	require.Contains(t, errs, `--provider: there is no sender "strip"`)
}

func TestAnEntryOfAJournal(t *testing.T) {
	kept := map[string]any{
		"id": "00ff", "endpoint": "stripe", "provider": "stripe", "type": "invoice.paid", "event": "evt_1",
		"state": "parked", "reason": "permanent", "error": "no such column\nIt would be accepted.\x1b[2J", "attempts": 3,
		"runnable": true, "body": "e30=", "header": map[string]any{"X": []string{"y"}},
	}
	text := func() string {
		b, err := json.Marshal(kept)
		require.NoError(t, err)
		return string(b)
	}
	status, out, _ := doctor(t, text())
	require.Equal(t, refused, status)
	require.Contains(t, out, "wrong: permanent: no such column It would be accepted.")
	require.Contains(t, out, "sallyport redrive 00ff\n")
	require.Contains(t, out, "It was accepted, and its receiver failed: it is parked after 3 tries.\n")

	kept["runnable"], kept["why_not"] = false, "its body is too long"
	status, out, _ = doctor(t, text())
	require.Equal(t, refused, status)
	require.Contains(t, out, "found: it cannot run again: its body is too long\n")

	kept["state"] = "done"
	status, out, _ = doctor(t, text())
	require.Equal(t, accepted, status)
	require.Contains(t, out, "It is done: nothing is left to do.\n")

	kept["state"] = "another"
	status, _, errs := doctor(t, text())
	require.Equal(t, unjudged, status)
	require.Contains(t, errs, "the HAR file holds no request")
}
