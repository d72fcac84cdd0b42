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
	return of(entry.Entry{
		Name: "clerk", Title: "Clerk", Confidence: "B",
		Docs:       "https://clerk.com/docs/webhooks/overview",
		SecretFrom: "Webhooks > the endpoint > Signing Secret",
		Scheme:     withPublicKeys(standardScheme("Svix-")),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("Svix-Id"), Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.Milliseconds,
			Data: "/data",
		},
		RetryHorizon: svixHorizon, AckLimit: svixAckLimit,
	})
}

// Loops is the webhook of Loops, of which an account has one.
//
// https://loops.so/docs/webhooks
func Loops() core.Provider {
	return of(entry.Entry{
		Name: "loops", Title: "Loops", Confidence: "B",
		Docs:       "https://loops.so/docs/webhooks",
		SecretFrom: "Settings > Webhooks > Signing Secret",
		Scheme:     standardScheme("Webhook-"),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event:      entry.Event{ID: header("Webhook-Id"), Type: pointer("/eventName"), Time: pointer("/eventTime")},
	})
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
	return of(entry.Entry{
		Name: "openai", Title: "OpenAI", Confidence: "A",
		Docs:       "https://platform.openai.com/docs/guides/webhooks",
		SecretFrom: "the dialog that created the webhook",
		Scheme:     standardScheme("Webhook-"),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{ID: header("Webhook-Id"), Type: pointer("/type"), Time: pointer("/created_at"),
			Data: "/data"},

		RetryHorizon: 72 * time.Hour,
	})
}

// Anthropic is a webhook of Anthropic. The outer type is always "event"; the type given here is the inner one.
//
// https://platform.claude.com/docs/en/managed-agents/webhooks
// https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/resources/beta/webhooks.py
func Anthropic() core.Provider {
	return of(entry.Entry{
		Name: "anthropic", Title: "Anthropic", Confidence: "A",
		Docs:       "https://platform.claude.com/docs/en/managed-agents/webhooks",
		SecretFrom: "the dialog that created the webhook",
		Scheme:     standardScheme("Webhook-"),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("Webhook-Id"), Type: []entry.Value{{JSON: "/data/type"}, {JSON: "/type"}},
			Time:     pointer("/created_at"),
			TimeUnit: entry.RFC3339, Data: "/data",
		},
	})
}

// Replicate is the webhooks of Replicate's predictions and trainings. The type is the prediction's status.
//
// https://replicate.com/docs/topics/webhooks/verify-webhook
func Replicate() core.Provider {
	return of(entry.Entry{
		Name: "replicate", Title: "Replicate", Confidence: "A",
		Docs:       "https://replicate.com/docs/topics/webhooks/verify-webhook",
		SecretFrom: "the API: GET /v1/webhooks/default/secret",
		Scheme:     standardScheme("Webhook-"),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event:      entry.Event{ID: header("Webhook-Id"), Type: pointer("/status")},
	})
}
