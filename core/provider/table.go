package provider

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// All returns every provider that needs no parameter, sorted by name, for tables, tests and configurations.
func All() []core.Provider {
	all := slices.Concat(general(), emailSenders(), payments(), apps(), cloud(), schemes(), platforms())
	slices.SortFunc(all, func(a, b core.Provider) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

func general() []core.Provider {
	return []core.Provider{
		Airtable(), Alertmanager(), Anthropic(), Asana(), AzureDevOps(), Basic(), Bearer(), Bitbucket(),
		BitbucketServer(), Brevo(), Buildkite(), CircleCI(), Clerk(), ClickUp(), CloudflareNotifications(),
		Contentful(),
		CloudflareStream(), CustomerIO(), DockerHub(), ElevenLabs(), Figma(), Forgejo(), Gitea(), GitHub(),
		GitHubStyle(),
		GitLab(), GitLabToken(), Gogs(), Grafana(), Heroku(), Jira(), LaunchDarkly(), Linear(), Loops(), Mailchimp(),
		MailerSend(), Mailgun(), Mailjet(), Mailtrap(), Mux(), Notion(), Okta(), OpenAI(), PagerDuty(), Postmark(),
		Replicate(), Resend(), Sanity(), SendGridInbound(), Sentry(), SentryUI(), Shopify(), Slack(), SparkPost(),
		StandardWebhooks(), Stripe(),
		Supabase(), Svix(), Telegram(), Vercel(), WebSub(), WebSubSHA1(), WorkOS(),
	}
}

// ByName returns the provider of that name or alias ([Aliases]), and false where there is none. Its Name is the entry's
// own.
func ByName(name string) (core.Provider, bool) {
	if own, ok := aliases[name]; ok {
		name = own
	}
	for _, p := range All() {
		if p.Name() == name {
			return p, true
		}
	}
	return core.Provider{}, false
}

// of is the one place where an entry becomes a provider.
func of(e entry.Entry) core.Provider { return entry.NewProvider(e, nil) }

func headers(names ...string) entry.Field { return entry.Field{Headers: names} }

func header(name string) []entry.Value { return []entry.Value{{Header: name}} }

func pointer(p string) []entry.Value { return []entry.Value{{JSON: p}} }
