package catalogue_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func TestEveryEntryIsFoundUnderItsName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	last := ""
	for _, e := range catalogue.All() {
		require.Less(t, last, e.Name, "sorted, and each name once")
		last, seen[e.Name] = e.Name, true
		found, ok := catalogue.ByName(e.Name)
		require.True(t, ok, e.Name)
		p, err := found.Provider(found.Samples())
		require.NoError(t, err, e.Name)
		require.Equal(t, e.Name, p.Name())
		_, err = entry.Of(p)
		require.NoError(t, err, "%s of its samples", e.Name)
		require.NotEmpty(t, e.Package)
		for _, param := range e.Parameters {
			require.NotEmpty(t, param.Doc, "%s: %s", e.Name, param.Name)
			require.NotEmpty(t, param.Sample, "%s: %s", e.Name, param.Name)
		}
	}
	for _, p := range append(provider.All(), unproved.All()...) {
		require.True(t, seen[p.Name()], p.Name())
	}
	_, ok := catalogue.ByName("nobody")
	require.False(t, ok)
}

func TestATypingMistakeFindsTheNameThatWasMeant(t *testing.T) {
	t.Parallel()
	for typed, meant := range map[string]string{
		"strpe": "stripe", "Stripe": "stripe", "githb": "github", "shpoify": "shopify", "amazon-sn": "aws-sns",
		"git-lab": "gitlab",
	} {
		require.NotEmpty(t, catalogue.Similar(typed), typed)
		require.Equal(t, meant, catalogue.Similar(typed)[0], typed)
		require.LessOrEqual(t, len(catalogue.Similar(typed)), 3, typed)
	}
	for _, typed := range []string{"", "x", "ox", "no-such-sender"} {
		require.Empty(t, catalogue.Similar(typed), typed)
	}
	require.Equal(t, `no provider is called "strpe"; did you mean stripe?`, catalogue.Unknown("strpe"))
	require.Equal(t, `no provider is called "x"; "sallyport providers" lists the names`, catalogue.Unknown("x"))
}

// TestWhatIsNotConfirmedIsSaid: a page of confidence C says what no official source confirms, and no other does.
func TestWhatIsNotConfirmedIsSaid(t *testing.T) {
	t.Parallel()
	for _, e := range catalogue.All() {
		data, err := entry.Of(e.Sample())
		require.NoError(t, err, e.Name)
		require.Equal(t, data.Confidence == "C", e.Unconfirmed() != "", e.Name)
	}
}

func TestMistakesInParametersNameThem(t *testing.T) {
	t.Parallel()
	for _, e := range catalogue.All() {
		values := e.Samples()
		values["no_such_thing"] = []string{"x"}
		_, err := e.Provider(values)
		require.ErrorContains(t, err, "no_such_thing")
		for _, param := range e.Parameters {
			if !param.List {
				values := e.Samples()
				values[param.Name] = []string{"a", "b"}
				_, err := e.Provider(values)
				require.ErrorContains(t, err, param.Name, e.Name)
			}
			if param.Required {
				values := e.Samples()
				delete(values, param.Name)
				_, err := e.Provider(values)
				require.ErrorContains(t, err, param.Name, e.Name)
			}
		}
	}
	meta, _ := catalogue.ByName("meta")
	require.Equal(t, catalogue.VerifyToken, meta.Parameters[0].Name)
	twilio, _ := catalogue.ByName("twilio")
	require.Equal(t, catalogue.PublicURL, twilio.Parameters[0].Name)
}

// TestNamesNeverChange: names stand in configurations, logs and stores. One may be added, and none taken away.
func TestNamesNeverChange(t *testing.T) {
	t.Parallel()
	for name := range strings.FieldsSeq(names) {
		_, ok := catalogue.ByName(name)
		require.True(t, ok, name)
	}
	require.GreaterOrEqual(t, len(catalogue.All()), len(strings.Fields(names)))
}

const names = `
amazon-ses brevo mailersend mailgun mailjet mailtrap mandrill postal postmark resend sendgrid sendgrid-inbound sparkpost unisender-go
ahasend lox24 mailomat mailpace sparkpost-relay sweego
customer-io loops mailchimp github gitlab gitlab-token bitbucket bitbucket-server gitea forgejo gogs azure-devops docker-hub circleci buildkite
travis-ci vercel netlify heroku sentry pagerduty linear jira jira-connect asana trello notion clickup monday airtable figma
contentful sanity supabase clerk workos okta launchdarkly grafana alertmanager mux cloudflare-notifications cloudflare-stream svix
standard-webhooks rfc9421 cloudevents websub websub-sha1 github-style stripe paypal square shopify woocommerce adyen adyen-platform
braintree paddle lemon-squeezy polar razorpay paystack flutterwave coinbase-commerce coinbase-cdp mollie gocardless wise plaid
chargebee recurly xendit midtrans mercado-pago revolut modern-treasury increase checkout-com slack discord twilio telegram meta
line viber zoom ms-teams vonage messagebird messagebird-legacy plivo plivo-v3 sinch sinch-application sinch-numbers telnyx intercom
zendesk hubspot hubspot-v2 hubspot-v1 front typeform calendly cal-com dropbox box docusign dropbox-sign twitch x-twitter strava
webflow xero quickbooks openai anthropic replicate elevenlabs retell aws-sns aws-eventbridge google-pubsub google-eventarc
google-push-channels azure-event-grid azure-event-grid-cloudevents microsoft-graph sharepoint cloudinary cloudinary-sha256 alchemy
moralis quicknode basic bearer
ably affirm aftership airwallex ashby auth0 autodesk-aps bigcommerce bolt brex castle checkr circle cronofy
cursor deel discourse dodo-payments dub dwolla easypost etsy fal fastspring gemini getstream ghost greenhouse harbor
hcp-terraform helpscout hookdeck incident-io jfrog jfrog-token knock linkedin lithic mongodb-atlas
nexus npm nylas onfleet pusher render revenuecat ringcentral segment shippo shippo-token snyk sonarqube squarespace
storyblok tailscale tiktok vapi veriff webex orb persona smartcar fusionauth tally
airship doppler klaviyo maxio merge sendbird stytch vanta
cashfree documenso hugging-face lob ordergroove
apple-app-store constant-contact fireblocks kinde truelayer wix
`
