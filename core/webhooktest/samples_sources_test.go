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
		"azure-event-grid-cloudevents", "azure-event-grid", "bitbucket-server", "box", "braintree", "buildkite",
		"cal-com", "chargebee", "checkout-com", "circleci", "clickup", "cloudevents", "cloudflare-notifications",
		"cloudflare-stream", "coinbase-cdp", "contentful", "docker-hub", "dropbox-sign", "elevenlabs", "figma",
		"forgejo", "gitea", "github-style", "gocardless", "gogs", "google-eventarc", "google-pubsub", "hubspot-v1",
		"increase", "launchdarkly", "mercado-pago", "microsoft-graph", "midtrans", "mollie", "monday", "moralis",
		"mux", "okta", "plaid", "postal-sha1", "recurly", "replicate", "retell", "revolut", "ringcentral",
		"sentry-ui", "sharepoint", "sinch-application", "sinch-numbers", "sinch", "supabase", "telnyx", "trello",
		"viber", "vonage", "wise", "x-twitter", "xendit", "zendesk",
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
