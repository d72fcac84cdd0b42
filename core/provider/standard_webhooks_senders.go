package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Senders that follow Standard Webhooks, under its own header names or Svix's.

// Clerk is a webhook of Clerk, which Svix sends, on Svix's schedule.
//
// https://clerk.com/docs/webhooks/overview
func Clerk() core.Provider {
	e := sentBySvix("clerk", "Clerk", "https://clerk.com/docs/webhooks/overview",
		"Webhooks > the endpoint > Signing Secret",
		entry.Event{Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.Milliseconds, Data: "/data"})
	e.Scheme = withPublicKeys(e.Scheme)
	return of(e)
}

// Loops is the webhook of Loops, of which an account has one.
//
// https://loops.so/docs/webhooks
func Loops() core.Provider {
	return of(followsStandard("loops", "Loops", "B", "https://loops.so/docs/webhooks",
		"Settings > Webhooks > Signing Secret",
		entry.Event{Type: pointer("/eventName"), Time: pointer("/eventTime")}))
}

// Supabase is an HTTP auth hook of Supabase. The secret is the hook's ("v1,whsec_..."). Supabase acts on the answer:
// give it with [core.Event.Respond]. Its database webhooks sign nothing; describe one with [Token].
//
// https://supabase.com/docs/guides/auth/auth-hooks
func Supabase() core.Provider {
	s := standardScheme("Webhook-")
	s.Key.Prefix = "v1,whsec_"
	return of(entry.Entry{
		Name: "supabase", Title: "Supabase Auth Hooks", Confidence: "A",
		Docs:       "https://supabase.com/docs/guides/auth/auth-hooks",
		SecretFrom: "Authentication > Auth Hooks > the hook > Secret",
		Scheme:     s,
		Identity: entry.Identity{
			Kind: entry.None, Why: "a hook waits for its answer, and a repeated answer would be wrong",
		},
		Event: entry.Event{ID: header("Webhook-Id"), Type: pointer("/metadata/name"), Time: pointer("/metadata/time"),
			TimeUnit: entry.RFC3339},
		AckLimit: 5 * time.Second,
	})
}

// OpenAI is a webhook of an OpenAI project. It retries for up to 72 hours.
//
// https://platform.openai.com/docs/guides/webhooks
// https://github.com/openai/openai-python/blob/main/src/openai/resources/webhooks.py
func OpenAI() core.Provider {
	e := followsStandard("openai", "OpenAI", "A", "https://platform.openai.com/docs/guides/webhooks",
		"the dialog that created the webhook",
		entry.Event{Type: pointer("/type"), Time: pointer("/created_at"), Data: "/data"})
	e.RetryHorizon = 72 * time.Hour
	return of(e)
}

// Anthropic is a webhook of Anthropic. The outer type is always "event"; the type given here is the inner one.
//
// https://platform.claude.com/docs/en/managed-agents/webhooks
// https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/resources/beta/webhooks.py
func Anthropic() core.Provider {
	return of(followsStandard("anthropic", "Anthropic", "A",
		"https://platform.claude.com/docs/en/managed-agents/webhooks", "the dialog that created the webhook",
		entry.Event{Type: []entry.Value{{JSON: "/data/type"}, {JSON: "/type"}}, Time: pointer("/created_at"),
			TimeUnit: entry.RFC3339, Data: "/data"}))
}

// Replicate is the webhooks of Replicate's predictions and trainings. The type is the prediction's status.
//
// https://replicate.com/docs/topics/webhooks/verify-webhook
func Replicate() core.Provider {
	return of(followsStandard("replicate", "Replicate", "A",
		"https://replicate.com/docs/topics/webhooks/verify-webhook", "the API: GET /v1/webhooks/default/secret",
		entry.Event{Type: pointer("/status")}))
}
