package provider_test

import (
	"maps"
	"slices"
)

// chosenByTheUser says whose secret is made up here and given to the provider, not copied from it.
func chosenByTheUser(name string) bool {
	return slices.Contains(append(platformsChosenByTheUser(), []string{
		"alertmanager", "aws-eventbridge", "azure-devops", "azure-event-grid", "basic", "bearer", "bitbucket",
		"azure-event-grid-cloudevents", "bitbucket-server", "brevo", "cal-com", "chargebee", "checkout-com", "circleci",
		"cloudevents", "cloudflare-notifications", "docker-hub", "figma", "forgejo", "gitea", "github", "github-style",
		"gitlab-token", "gogs", "google-push-channels",
		"grafana", "heroku", "jira", "launchdarkly", "lemon-squeezy", "mailchimp", "mailjet", "microsoft-graph", "okta",
		"postmark",
		"razorpay", "sanity", "sendgrid-inbound", "sharepoint", "sinch", "sinch-numbers", "sparkpost",
		"sparkpost-relay", "strava", "telegram", "twitch", "typeform", "websub", "websub-sha1", "woocommerce",
	}...), name)
}

// unknownHorizon explains why an entry does not say how long its sender retries.
func unknownHorizon() map[string]string {
	const (
		third   = "descriptions by third parties only"
		notRead = "not read in an official source"
		silent  = "not documented"
		noEnd   = "the documentation counts the attempts and does not say when the last one is"
	)
	reasons := map[string]string{
		"basic": "any sender", "bearer": "any sender", "github-style": "any sender", "cloudevents": "any sender",
		"websub": "the hub's own", "websub-sha1": "the hub's own",
		"figma": notRead, "messagebird-legacy": notRead, "sinch-application": silent, "retell": notRead,
		"strava":    "three attempts, without a documented delay",
		"telnyx":    "three attempts for each URL, without a documented delay",
		"braintree": third, "cloudinary": third, "cloudinary-sha256": third, "dropbox-sign": third,
		"mandrill": silent,
		"midtrans": "not found in the documentation", "mercado-pago": third, "plivo": silent, "plivo-v3": silent,
		"trello": third, "unisender-go": silent,
		"alertmanager":             "until the group's next notification, by the instance's intervals",
		"bitbucket":                "twice more, without a documented delay",
		"bitbucket-server":         "a circuit breaker skips deliveries, and none is sent later",
		"circleci":                 "retried, says the documentation, without a schedule",
		"clickup":                  "five attempts, without a documented schedule",
		"gitlab":                   "whether GitLab sends a failed delivery again by itself is not documented",
		"gitlab-token":             "whether GitLab sends a failed delivery again by itself is not documented",
		"heroku":                   "depends on the level of the subscription",
		"mailersend":               "failures pause the webhook; a schedule of retries is not documented",
		"okta":                     "once more at most, without a documented delay",
		"supabase":                 "three tries within seconds, which is less than a lease",
		"telegram":                 "a reasonable amount of attempts, says the documentation",
		"anthropic":                notRead,
		"azure-devops":             notRead,
		"buildkite":                notRead,
		"cloudflare-notifications": notRead,
		"cloudflare-stream":        notRead,
		"docker-hub":               notRead,
		"grafana":                  notRead,
		"launchdarkly":             notRead,
		"loops":                    notRead,
		"pagerduty":                notRead,
		"replicate":                notRead,
		"sentry":                   notRead,
		"vercel":                   notRead,
		"cal-com":                  silent,
		"lox24":                    silent,
		"mailpace": "up to ten times, and five for messages that come in, at intervals that are not " +
			"documented",
		"sparkpost-relay":      silent,
		"checkout-com":         notRead,
		"coinbase-cdp":         notRead,
		"front":                notRead,
		"gocardless":           noEnd,
		"google-push-channels": silent,
		"increase":             noEnd,
		"intercom":             notRead,
		"intercom-app":         notRead,
		"line":                 "redelivery is the receiver's choice, and its length is not documented",
		"modern-treasury":      noEnd,
		"mollie":               notRead,
		"ms-teams":             silent,
		"polar":                noEnd,
		"quickbooks":           notRead,
		"quicknode":            silent,
		"sinch":                silent,
		"sinch-numbers":        silent,
		"twitch":               silent,
		"x-twitter":            silent,
	}
	maps.Copy(reasons, platformsUnknownHorizon())
	return reasons
}

// unknownAckLimit explains why an entry does not say how long its sender waits.
func unknownAckLimit() map[string]string {
	reasons := map[string]string{
		"basic": "any sender", "bearer": "any sender", "github-style": "any sender", "cloudevents": "any sender",
		"websub": "the hub's own", "websub-sha1": "the hub's own",
		"mailgun": "not documented", "postmark": "not documented", "stripe": "not published",
		"telegram": "not documented",
	}
	for _, name := range []string{"alertmanager", "bitbucket-server", "forgejo", "gitea", "gitlab", "gitlab-token",
		"gogs", "grafana"} {
		reasons[name] = "a setting of the instance"
	}
	for _, name := range append(platformsUnknownAckLimit(), []string{
		"ahasend", "anthropic", "azure-devops", "braintree", "brevo", "buildkite", "cal-com",
		"chargebee", "checkout-com", "cloudflare-notifications", "cloudflare-stream", "cloudinary", "cloudinary-sha256",
		"coinbase-cdp", "coinbase-commerce", "contentful", "docker-hub", "docusign", "dropbox", "dropbox-sign",
		"elevenlabs", "figma", "front",
		"google-push-channels", "heroku", "increase", "intercom", "intercom-app", "jira", "launchdarkly",
		"lemon-squeezy", "line",
		"linear", "loops", "lox24", "mailersend", "mailjet", "mailomat", "mailpace", "mailtrap", "mandrill",
		"mercado-pago", "messagebird-legacy", "meta", "midtrans", "mollie",
		"mux", "notion", "openai", "pagerduty", "paystack", "plivo", "plivo-v3", "quickbooks", "quicknode", "recurly",
		"replicate", "retell",
		"revolut", "sanity", "sendgrid", "sendgrid-inbound", "sentry-ui", "sinch", "sinch-application", "sinch-numbers",
		"sparkpost-relay", "sweego", "trello", "twitch", "typeform", "unisender-go",
		"vercel", "viber", "webflow", "wise", "workos", "x-twitter", "zoom",
	}...) {
		reasons[name] = "not read in an official source"
	}
	return reasons
}
