package webhooktest_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// sendersWithSources are the senders whose samples say where their members come from.
func sendersWithSources() []string {
	return []string{
		"adyen-platform", "airtable", "alchemy", "alertmanager", "anthropic", "asana", "azure-devops",
		"bitbucket-server", "buildkite", "chargebee", "circleci", "docker-hub", "dropbox-sign", "elevenlabs",
		"figma", "gitea", "gocardless", "gogs", "hubspot-v1", "increase", "mollie", "mux", "okta", "plaid",
		"recurly", "revolut", "sinch-application", "sinch-numbers", "sinch", "viber", "wise", "xendit",
	}
}

func TestSamplesSayWhereTheirMembersComeFrom(t *testing.T) {
	t.Parallel()
	for _, name := range sendersWithSources() {
		data, err := os.ReadFile("samples/" + name + ".json")
		require.NoError(t, err)
		var all []struct{ Source string }
		require.NoError(t, json.Unmarshal(data, &all), name)
		for i, s := range all {
			require.Regexp(t, `^https://\S+`, s.Source, "%s, sample %d", name, i)
		}
	}
}
