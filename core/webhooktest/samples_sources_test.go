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
		"adyen-platform", "airtable", "alchemy", "alertmanager", "anthropic", "asana", "aws-eventbridge", "aws-sns",
		"azure-devops", "azure-event-grid-cloudevents", "azure-event-grid", "bitbucket-server", "box", "braintree",
		"buildkite", "cal-com", "calendly", "chargebee", "checkout-com", "checkr", "circleci", "clickup",
		"cloudevents", "cloudflare-notifications", "cloudflare-stream", "cloudinary-sha256", "cloudinary",
		"coinbase-cdp", "contentful", "cronofy", "docker-hub", "dropbox-sign", "dropbox", "elevenlabs", "figma",
		"forgejo", "fusionauth", "gitea", "github-style", "gocardless", "gogs", "google-eventarc", "google-pubsub",
		"google-push-channels", "heroku", "hookdeck", "hubspot-v1", "hubspot-v2", "increase", "intercom-app",
		"jira-connect", "jira-oauth", "launchdarkly", "lox24", "mercado-pago", "microsoft-graph", "midtrans",
		"mollie", "monday", "moralis", "ms-teams", "mux", "netlify", "okta", "plaid", "plivo-v3", "plivo",
		"postal-sha1", "quickbooks", "recurly", "replicate", "retell", "revolut", "ringcentral", "sanity",
		"sentry-ui", "sharepoint", "sinch-application", "sinch-numbers", "sinch", "smartcar", "strava", "supabase",
		"telnyx", "travis-ci", "trello", "vanta", "viber", "vonage", "webflow", "wise", "workos", "x-twitter",
		"xendit", "zendesk",
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
