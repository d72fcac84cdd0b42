// Package entry is the data model of a provider: everything the guard knows about how a sender signs, retries and
// names its events. An entry is one literal and is never changed once it is made. It holds no code, but for the few
// mechanisms that need a library ([Custom]) and for what confirms a subscription (Handshake.Do).
package entry

import (
	"slices"
	"time"
)

// Entry holds the facts of one provider.
type Entry struct {
	Name       string // kebab-case, an API: used in configurations, logs and metrics
	Title      string // as the provider writes itself
	Docs       string // link to the provider's documentation of its signatures
	Confidence string // A: official source or recorded delivery; B: official documentation; C: third parties

	// AckSealed encrypts AckBody and signs it, in each answer to a proved delivery, with the keys of that delivery. The
	// entry's Custom has to be a CustomAnswerer.
	AckSealed bool

	// How a delivery is authenticated: by a signature (Scheme), or by a credential that Config.Secrets hold.
	Scheme     *Scheme
	Credential Credential
	// SecretFrom says where the provider shows the secret. Empty: the user chooses it, and a fresh one can be offered.
	SecretFrom string
	// MinSecret is the shortest secret in bytes after decoding, where the provider issues shorter ones than 16.
	MinSecret int
	// OfOnesOwn is set for a sender that the user described. How its secrets look is not known: a secret that looks
	// like another kind of key is reported, and not refused.
	OfOnesOwn bool
	// SignsWith are the prefixes of KeyShapes that this provider does sign with.
	SignsWith []string
	// PublishedSecrets are secrets that the provider publishes, for its tests. Everybody knows them, so that they prove
	// nothing about a delivery. New refuses them, and a delivery that is signed with one is refused with a hint.
	PublishedSecrets []string
	// Unsigned lists, for the documentation, what a delivery carries that nothing authenticates.
	Unsigned []string

	// Addresses says, for the documentation, where the provider publishes the addresses it sends from; empty: not
	// known.
	Addresses string

	Identity   Identity
	Event      Event
	Batch      *Batch     // nil: a delivery is one event
	Recipient  *Recipient // nil: the keys are the receiver's own
	Handshakes []Handshake
	// Others are what the provider also sends, and this entry refuses.
	Others []Other

	MaxBody int64 // bytes; 0: 1 MiB

	// RetryHorizon is how long after the first attempt the provider may still send the event again; 0: unknown.
	RetryHorizon time.Duration
	// NeverRetries says that a delivery that was refused is lost unless a person sends it again.
	NeverRetries bool
	// LastQuickRetry is when the last of the provider's first, quick retries comes, after the first attempt, where
	// later ones are far apart or depend on settings at the provider. A lease expires before. 0: see RetryHorizon.
	LastQuickRetry time.Duration
	// AckLimit is how long the provider waits for the answer; 0: unknown.
	AckLimit time.Duration

	AuthStatus int // answer to a failed authentication; 0: 400
	// Answers are what else is answered in another way than usual.
	Answers Answers
	// AsksFirst says that the provider sends a configured Basic credential only after a 401, which is then the answer.
	AsksFirst bool
	// Drops4xx says that the provider never sends again what was answered 4xx, so that too much and too large are
	// 503. Such an entry has the AuthStatus 503 as well.
	Drops4xx bool

	// Methods are those that deliveries come with besides POST: GET, for senders that ask for a page.
	Methods []string
	// AckBody is what the answer to a delivery has to say, where the provider insists on it.
	AckBody string
	// AckEcho is a header of the request that every answer to a proved request repeats, where the provider insists on
	// it.
	AckEcho string
	// PublicCredential says why the credential of Secrets is no secret: "it stands in the URLs of OAuth". A warning at
	// the start asks for one of Credentials as well.
	PublicCredential string
	// AckEmpty leaves out the body of every answer to a delivery that was accepted before, where the provider insists
	// on an empty one.
	AckEmpty bool
}

// Answer changes the answer to one class of refusals. Its zero value changes nothing.
type Answer struct {
	Status int // one of 400, 401, 403, 409, 413, 429, 500, 503; 0: the usual one
	// RetryAfter is the Retry-After of the class, and the longest one where the guard works it out itself: an event in
	// flight, a rate limit. Whole seconds; 0: as usual.
	RetryAfter time.Duration
	Empty      bool // no body
}

// Answers are a provider's wishes by class, for senders that repeat a delivery only after certain answers.
type Answers struct {
	Authentication Answer // Status: AuthStatus, which Config.Answers.AuthenticationStatus overrides
	Transient      Answer // in flight, store or keys unavailable, no active secret
	TooMuch        Answer // a rate limit
	TooLarge       Answer // a body beyond Limits.MaxBody
	App            Answer // the app's code failed or panicked
}

// SignsURL says that the endpoint's public URL, or a part of it, is among the signed bytes.
func (e *Entry) SignsURL() bool {
	if e.Scheme == nil {
		return false
	}
	if e.Scheme.Custom != nil {
		return e.Scheme.Custom.Traits().URL
	}
	for _, parts := range append([][]Part{e.Scheme.Signed}, e.Scheme.Also...) {
		for i := range parts {
			switch parts[i].Kind {
			case PartURL, PartHost, PartPath, PartURLWithoutQuery, PartURLWithPort, PartURLWithoutPort,
				PartURLUnescaped,
				PartEscapedPath:
				return true
			}
		}
	}
	return false
}

// BringsKeys says that deliveries bring the keys that they are signed with, and that the entry's own settings vouch for
// them: neither secrets nor a source of keys have to be configured.
func (e *Entry) BringsKeys() bool {
	return e.Scheme != nil && e.Scheme.OwnSource() != nil
}

// HashesURL says that a handshake is answered with a hash of the endpoint's URL.
func (e *Entry) HashesURL() bool {
	return slices.ContainsFunc(e.Handshakes, func(h Handshake) bool { return h.HashesToken() })
}

// AsksVerifyToken says that a handshake presents, or is answered with, a token of the user's choosing.
func (e *Entry) AsksVerifyToken() bool {
	for i := range e.Handshakes {
		h := &e.Handshakes[i]
		if h.TokenQuery != "" || h.TokenJSON != "" || h.HashesToken() {
			return true
		}
	}
	return false
}

// Credential is how a provider presents a shared secret as it is.
type Credential struct {
	Kind CredentialKind
	Name string // the header's or parameter's name, or the pointer into the body
	// Items is the pointer to a list each of whose items carries the BodyToken; every one of them has to.
	Items string
	// Or is the pointer to a BodyToken that stands there where there is none at Name.
	Or string
}

// CredentialKind is where a credential sits.
type CredentialKind uint8

// The kinds.
const (
	NoCredential CredentialKind = iota
	Basic
	Bearer
	HeaderToken
	QueryToken
	PathToken
	BodyToken // a member of the JSON in the body: Name is the pointer to it
)
