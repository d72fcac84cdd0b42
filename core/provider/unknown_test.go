package provider_test

import (
	"slices"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// secretFor is a secret as the provider spells them. It holds the letter a, for which others are put in its place.
func secretFor(p core.Provider) string {
	e, _ := core.EntryOf(p)
	switch {
	case e.Scheme == nil && e.Credential.Kind == entry.Basic:
		return "user:a-long-enough-password"
	case e.Scheme != nil && e.Scheme.Key.Encoding == entry.Base64:
		return e.Scheme.Key.Prefix + ownKey
	default:
		return ownSecret
	}
}

// chosenByTheUser says whose secret is made up here and given to the provider, not copied from it.
func chosenByTheUser(name string) bool {
	return slices.Contains([]string{
		"alertmanager", "azure-devops", "basic", "bearer", "bitbucket", "bitbucket-server", "brevo", "circleci",
		"cloudflare-notifications", "docker-hub", "forgejo", "gitea", "github", "github-style", "gitlab-token", "gogs", "grafana",
		"heroku", "jira", "launchdarkly", "mailchimp", "mailjet", "okta", "postmark", "sanity", "sparkpost", "telegram",
	}, name)
}

// unknownHorizon explains why an entry does not say how long its sender retries.
func unknownHorizon() map[string]string {
	const notRead = "not read in an official source"
	return map[string]string{
		"basic": "any sender", "bearer": "any sender", "github-style": "any sender",
		"alertmanager":             "until the group's next notification, by the instance's intervals",
		"bitbucket":                "twice more, without a documented delay",
		"bitbucket-server":         "a circuit breaker skips deliveries, and none is sent later",
		"circleci":                 "retried, says the documentation, without a schedule",
		"clickup":                  "five attempts, without a documented schedule",
		"elevenlabs":               "five attempts where retries are switched on, with increasing delays",
		"gitlab":                   "whether GitLab sends a failed delivery again by itself is not documented",
		"gitlab-token":             "whether GitLab sends a failed delivery again by itself is not documented",
		"heroku":                   "depends on the level of the subscription",
		"mailersend":               "failures pause the webhook; a schedule of retries is not documented",
		"okta":                     "once more at most, without a documented delay",
		"supabase":                 "three tries within seconds, which is less than a lease",
		"telegram":                 "a reasonable amount of attempts, says the documentation",
		"airtable":                 notRead,
		"anthropic":                notRead,
		"azure-devops":             notRead,
		"buildkite":                notRead,
		"cloudflare-notifications": notRead,
		"cloudflare-stream":        notRead,
		"docker-hub":               notRead,
		"grafana":                  notRead,
		"launchdarkly":             notRead,
		"linear":                   notRead,
		"loops":                    notRead,
		"mailtrap":                 notRead,
		"notion":                   notRead,
		"openai":                   notRead,
		"pagerduty":                notRead,
		"replicate":                notRead,
		"sentry":                   notRead,
		"vercel":                   notRead,
	}
}

// unknownAckLimit explains why an entry does not say how long its sender waits.
func unknownAckLimit() map[string]string {
	reasons := map[string]string{
		"basic": "any sender", "bearer": "any sender", "github-style": "any sender",
		"mailgun": "not documented", "postmark": "not documented", "stripe": "not published", "telegram": "not documented",
	}
	for _, name := range []string{"alertmanager", "bitbucket-server", "forgejo", "gitea", "gitlab", "gitlab-token", "gogs", "grafana"} {
		reasons[name] = "a setting of the instance"
	}
	for _, name := range []string{
		"airtable", "anthropic", "azure-devops", "brevo", "buildkite", "cloudflare-notifications", "cloudflare-stream", "docker-hub",
		"elevenlabs", "heroku", "jira", "launchdarkly", "linear", "loops", "mailersend", "mailjet", "mailtrap", "mux", "notion",
		"openai", "pagerduty", "replicate", "sanity", "vercel", "workos",
	} {
		reasons[name] = "not read in an official source"
	}
	return reasons
}
