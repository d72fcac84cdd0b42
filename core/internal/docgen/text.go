package docgen

const head = `# Providers

Generated from the entries by "make docs"; a test fails when it is stale.

There are %d senders: %d in core/provider, which links the standard library only; %d in subpackages of it, which link a
library for those who use them; %d in core/provider/unproved, which are known from third parties and were confirmed by
nobody else.

"Remembered by" is what an event's identity is made of. What is "not covered" could be changed by whoever captured a
delivery: nothing is decided by it, and the event says which of its details are authenticated. Without a signed time, a
captured delivery can be replayed once it is no longer remembered. Where an event's type or tenant is not covered and one
body may be several events, so that it is remembered with them, a capture can be replayed under another type or tenant at
any time. Where a sender waits for an answer, nothing is remembered, because a repeated answer would be wrong.

Confidence: A, an official source was read or a recorded delivery verifies; B, official documentation was read; C,
descriptions by third parties. "Unknown" means that no official source says it, and not that there is no limit.

Failed authentications are answered 400 and everything that may pass 503, unless an entry says otherwise. A handshake
that is "proved" is answered after the signature or the credential was checked; any other has a fixed answer, or one that
is restricted to the characters of challenges.
`

const ownEntry = "\n## Your own entry in ten lines\n\n" +
	"A sender that is not listed is described by data, and everything else is the same as for those that are:\n\n" +
	"```go\n" + ownEntryCode + "```\n\n" +
	"`HMACConfig` has fields for prefixes, lists of pairs, encodings, units of time, signed ids and batches; " +
	"`core.New` refuses a\n" +
	"scheme whose signed text could be divided in two ways. A sender with a key pair is `provider.PublicKey`; one " +
	"that\npresents a secret as it is, `provider.Basic`, `provider.Bearer` or `provider.Token`. Test it with " +
	"`webhooktest.NewRequest`,\n" +
	"which signs for it as well.\n"

// ownEntryCode is the code of the package provider's example, which a test runs.
const ownEntryCode = `acme := provider.HMAC(provider.HMACConfig{
	Name:            "acme",
	Header:          "X-Acme-Signature",
	TimestampHeader: "X-Acme-Time",
	Signed:          "{timestamp}.{body}",
	EventID:         "/id",
	EventType:       "/type",
	IdentityPointer: "/id",
	RetryHorizon:    24 * time.Hour,
})
`
