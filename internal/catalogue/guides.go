package catalogue

import "maps"

// Guide is what a person does at a sender, beyond what the entry's data say.
type Guide struct {
	// Steps are where to click, in order. Empty: the page derives them from the entry.
	Steps []string
	// Refuses says what the sender can also send and the entry refuses, and what to do instead.
	Refuses []string
	// Notes are what a user should know while setting it up.
	Notes []string
}

// Tests returns the occasions on which the sender sends a test whose body is not among those of webhooktest: the names
// of its buttons. What they send is proved as every other delivery.
func (e Entry) Tests() []string { return tests()[e.Name] }

// Guide returns the guide of the entry; empty where there is none.
func (e Entry) Guide() Guide { return guides()[e.Name] }

func guides() map[string]Guide {
	all := map[string]Guide{
		"adyen": {Refuses: []string{
			"the formats HTTP (a form) and SOAP: choose JSON as the communication format of the webhook",
		}},
		"ahasend": {Steps: []string{
			"Webhooks > Add Webhook: the URL and the events; copy the Webhook Secret from the webhook's page into " +
				"`AHASEND_SECRET`.",
			"\"Send Test Event\" sends signed events.",
		}, Notes: []string{"Give messages that come in (Routes) an endpoint of their own: a route has another " +
			"secret."}},
		"amazon-ses": snsGuide("SES > Configuration sets > the set > Event destinations: an SNS topic, whose " +
			"ARN goes into `topics`."),
		"aws-sns": snsGuide("Put the ARNs of your topics into `topics`: messages of all others are refused."),
		"bitbucket-server": {Steps: []string{
			"Repository settings > Webhooks > Create webhook: the URL, the events, and a secret of your own " +
				"(`secrets.Generate()`), which also goes into `BITBUCKET_SERVER_SECRET`.",
			"Press \"Test connection\": it is not signed although a secret is set, and is answered 200.",
		}},
		"buildkite": {Refuses: []string{"the mode that sends the token itself: use " +
			"`provider.Token(\"X-Buildkite-Token\")`"}},
		"clerk":   {Refuses: []string{"headers named webhook-*: Clerk sends svix-*"}},
		"clickup": {Refuses: []string{"Automations, which sign nothing: register the webhook by the API"}},
		"discord": {Steps: []string{
			"Developer Portal > the application > General Information: copy the public key into " +
				"`DISCORD_PUBLIC_KEY`, and start the endpoint.",
			"Interactions Endpoint URL, or Webhooks > Endpoint: enter the URL and save.",
			"Discord sends a PING, and requests with wrong signatures on purpose, which must be answered 401: the " +
				"log has refusals (`bad_signature`) then.",
		}},
		"front": {Refuses: []string{"rule webhooks, which are signed with SHA-1 and without a time: use an " +
			"application webhook"}},
		"github": {Steps: []string{
			"Choose a secret (`secrets.Generate()`), put it into `GITHUB_SECRET`, and start the endpoint.",
			"Settings > Webhooks > Add webhook: the URL, application/json or form, the secret, the events.",
		}},
		"gitlab": {Steps: []string{
			"Settings > Webhooks > Add new webhook: the URL and the events; generate a signing token, and put it " +
				"into `GITLAB_SECRET`.",
			"Press Test > Push events.",
		}},
		"heroku": {Notes: []string{"Subscribe at the level sync: at the level notify an event is sent once and " +
			"never again."}},
		"hubspot": {Notes: []string{
			"Leave `PublicURL` out where CRM cards ask with a GET: HubSpot makes their query.",
			"The Test button's sample is always the same: a second one is answered `already processed`.",
		}},
		"increase": {Refuses: []string{"the older header Increase-Webhook-Signature"}},
		"jira": {Refuses: []string{
			"webhooks of Connect apps: use `jira-connect`", "dynamic webhooks of OAuth 2.0 apps: use `jira-oauth`",
		}},
		"mailersend": {Steps: []string{
			"Start the endpoint with the guard below: MailerSend tries the URL before it shows a secret.",
			"Email > Domains > the domain > Webhooks > Create webhook: the URL and the events. Saving sends " +
				"`webhook.test`.",
			"Copy the signing secret from the webhook's page into `MAILERSEND_SECRET`, and start again with the " +
				"guard above. Until then events are answered 503.",
		}, Notes: []string{"`webhook.test` is signed with a secret that MailerSend publishes. It proves that test " +
			"and nothing else."}},
		"mailgun": {Notes: []string{
			"The signing key is one for the account. It is neither the sending key nor the API key.",
		}, Refuses: []string{
			"subaccounts' parent-signature",
			"alerts, which sign the whole body under another header: describe them with `provider.HMAC`",
		}},
		"mailomat": {Notes: []string{
			"The body is not signed. Use HTTPS, and where it matters ask Mailomat's API before you act on what an " +
				"event says.",
		}},
		"mailpace": {Steps: []string{
			"The domain > Webhooks: the URL; for messages that come in, the domain > Inbound Emails > Endpoint URL.",
			"Copy the key under Public Key Verification into `MAILPACE_PUBLIC_KEY`: both are signed with it.",
		}},
		"mailtrap": {Steps: []string{
			"Settings > Webhooks > Create New Webhook: the URL, the payload format JSON, Email Sending or Inbound " +
				"Inboxes.",
			"Copy the webhook's Signature secret into `MAILTRAP_SECRET`, and start the endpoint.",
			"\"Run Test\" sends made-up events.",
		}},
		"mercado-pago": {Refuses: []string{
			"IPN (`?id=..&topic=..`), which is not signed: remove notification_url, or give IPN a URL of its own and " +
				"trust only the API",
			"notifications of QR codes, which are not signed",
		}, Notes: []string{"Put the secrets of test and of production into `Secrets`: payments in test mode may come " +
			"under either."}},
		"messagebird": {Refuses: []string{"the older signature: use `messagebird-legacy`"}},
		"meta": {Steps: []string{
			"App Dashboard > App settings > Basic: copy the App Secret into `META_SECRET`, and start the endpoint " +
				"with a verify token of your own (`secrets.Generate()`) in `META_VERIFY_TOKEN`.",
			"App Dashboard > Webhooks: the callback URL, and the same verify token. \"Verify and save\" asks with a " +
				"GET. Then subscribe to fields.",
		}},
		"mollie": {Refuses: []string{
			"classic webhooks (the form `id=tr_...`), which sign nothing. Create a next-generation webhook in the " +
				"dashboard; or use " +
				"`provider.Basic()` without Secrets, with `core.QueryToken` as one of Credentials, and ask Mollie's " +
				"API for the id",
		}},
		"monday": {Refuses: []string{"webhooks that are made by hand on a board, which are not signed: create them " +
			"through an app"}},
		"notion": {Steps: []string{
			"Start the endpoint with the guard below.",
			"The integration's settings > Webhooks: create a subscription with the URL and the events. Notion sends " +
				"a `verification_token`, which `store` writes to `notion.secret`, and the log says `webhook " +
				"handshake or test answered`.",
			"Paste the token into Notion's form, and press Verify.",
			"Put the token into `NOTION_SECRET`, and start again with the guard above. Until then events are " +
				"answered 503, " +
				"and Notion sends them again.",
		}, Notes: []string{"Another subscription hands over a token of its own. While a secret is configured it is " +
			"refused (`hands_secret_over` in the log): give it an endpoint of its own."}},
		"plaid": {Steps: []string{
			"Start the endpoint with the client id and the secret of your API access in `PLAID_CLIENT_ID` and " +
				"`PLAID_SECRET`: `fetch` asks Plaid for the keys that it signs with.",
			"Give the URL as `webhook` to the call that creates a link token.",
		}, Notes: []string{"In the sandbox ask `sandbox.plaid.com`."}},
		"paypal": {Refuses: []string{"events of the webhook simulator, which no certificate verifies: use the " +
			"sandbox"}},
		"paystack": {Refuses: []string{"the header of 2026 samples with a timestamp and key ids (`t=..,v1=..`)"}},
		"polar":    {Refuses: []string{"the formats Discord and Slack, which are not signed: choose raw"}},
		"postal": {Notes: []string{
			"For messages that come in create an HTTP endpoint with the encoding JSON: forms are not read. Both " +
				"formats are.",
			"A handler of your own must not answer 5xx: Postal would give the message up and send its writer a bounce.",
		}},
		"postmark": {Steps: []string{
			"Choose a user and a password of at least 16 bytes: `secrets.GeneratePair()` makes both, as one text " +
				"`user:password`. Put it into `POSTMARK_USER_PASSWORD`.",
			"The server > the message stream > Webhooks > Add webhook: the URL, the same user and password as HTTP " +
				"Auth, the events. For messages that come in, write them into the URL: `https://user:password@...`.",
			"Test the webhook before you save: a sample of each event arrives.",
		}},
		"recurly": {Refuses: []string{"XML, which is not signed: choose JSON"}},
		"sendgrid": {Steps: []string{
			"Settings > Mail Settings > Event Webhooks: create a webhook with the URL and the events, and turn the " +
				"Signed Event Webhook on: without it nothing is signed, and every delivery is refused.",
			"Copy the Verification Key. It is a public key, not a secret and not an API key (`SG...`), and goes into " +
				"`SENDGRID_PUBLIC_KEY`.",
			"\"Test Your Integration\" sends signed events.",
		}, Notes: []string{"Inbound Parse is another setting, and unsigned unless a security policy signs it: use " +
			"`sendgrid-inbound` and " +
			"another URL."}},
		"sendgrid-inbound": {Steps: []string{
			"Choose a user and a password of at least 16 bytes: `secrets.GeneratePair()` makes both, as one text " +
				"`user:password`. Put it into `SENDGRID_INBOUND_USER_PASSWORD`.",
			"Point the MX record of a subdomain at `mx.sendgrid.net`.",
			"Settings > Inbound Parse > Add Host & URL: the subdomain, and the URL with both in it: " +
				"`https://user:password@hooks.example.com/webhooks/sendgrid-inbound`.",
			"Send a message to any address of the subdomain: nothing else tests it.",
		}, Notes: []string{"package core/email/inbound reads the message (docs/email.md)."}},
		"sentry": {Refuses: []string{"requests of UI components (issue links, alert rule actions, select fields): " +
			"use `sentry-ui`"}},
		"shopify": {Notes: []string{"The review of an app sends a wrong HMAC and wants a 401, which it gets: the log " +
			"has refusals (`bad_signature`) then."}},
		"slack": {Steps: []string{
			"api.slack.com/apps > the app > Basic Information: copy the signing secret into `SLACK_SECRET`, and " +
				"start the " +
				"endpoint. It is neither the bot token (`xoxb-...`) nor the verification token.",
			"Event Subscriptions > Request URL: Slack sends a signed url_verification, which is answered.",
		}},
		"sparkpost-relay": {Steps: []string{
			"Create the relay webhook by the API (POST /api/v1/relay-webhooks): the URL as target, and a token of " +
				"your own (`secrets.Generate()`) as auth_token, which also goes into `SPARKPOST_RELAY_SECRET`.",
		}, Notes: []string{"A relay webhook with auth_type oauth2 presents a bearer token in place of this one."}},
		"stripe": {Steps: []string{
			"Workbench > Webhooks > Add destination: the events and the URL.",
			"Copy the signing secret (`whsec_...`) into `STRIPE_SECRET`: each destination has its own, and so has " +
				"`stripe listen`.",
			"Nothing is sent before the first event; `stripe trigger payment_intent.succeeded` makes one.",
		}, Notes: []string{"A thin event has no object: `Data` is the whole event, and the API has the object."}},
		"supabase": {Refuses: []string{"database webhooks, which sign nothing: describe one with `provider.Token`"}},
		"twilio": {Notes: []string{
			"Leave `PublicURL` out where callbacks have a query each.",
			"An API key's secret signs nothing: the Auth Token does.",
		}},
		"vercel": {Refuses: []string{
			"drains (logs, traces): their unsigned test wants the header x-vercel-verify in the answer, and they " +
				"come as lists or lines. " +
				"Give them a handler of their own, which answers that header and checks x-vercel-signature",
		}},
		"vonage": {Refuses: []string{"the SMS API, which signs by the parameter sig"}},
		"webflow": {Refuses: []string{"webhooks that were made in the dashboard, which are not signed: create them " +
			"by the API"}},
		"zoom": {Steps: []string{
			"The app's Features > Access: copy the Secret Token into `ZOOM_SECRET`, and start the endpoint.",
			"There, enable Event Subscriptions and add one: the events and the URL.",
			"Press Validate: Zoom sends `endpoint.url_validation`, which is answered. With a wrong token it is " +
				"refused with " +
				"503, and the log says that the signature matches under none of the secrets.",
		}},
		"xero": {Steps: []string{
			"developer.xero.com > the app > Webhooks: the delivery URL; copy the webhooks key into `XERO_SECRET`, " +
				"and start the endpoint.",
			"\"Send intent to receive\" sends deliveries without events, some wrongly signed. It wants 200 and 401, " +
				"and gets both: the log has refusals (`bad_signature`) then.",
		}},
		"zendesk": {Steps: []string{
			"Admin Center > Apps and integrations > Webhooks > Create webhook: the URL, the method, JSON.",
			"Create it before you test it. \"Test webhook\" before that is signed with a secret that Zendesk " +
				"publishes, and is refused 409.",
			"Copy the signing secret from the webhook's page into `ZENDESK_SECRET`, start the endpoint, and test.",
		}},
	}
	maps.Copy(all, platformGuides())
	maps.Copy(all, encryptedGuides())
	return all
}

// snsGuide is the guide of a sender whose events come through topics of Amazon SNS. first is its first step.
func snsGuide(first string) Guide {
	return Guide{Steps: []string{
		first + " No secret is shared: `source` fetches the certificates.",
		"Start the endpoint. Then SNS > Topics > the topic > Create subscription: the protocol HTTPS and the URL. " +
			"Leave raw message delivery off: raw messages are not signed, and are refused.",
		"SNS sends a SubscriptionConfirmation. `confirm` confirms the subscription, and SNS shows it as confirmed.",
	}, Notes: []string{"Topics of the European Sovereign Cloud (partition aws-eusc) are not known yet."}}
}
