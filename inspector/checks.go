package inspector

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/reason"
)

// verdict is how one check ended.
type verdict string

const (
	checkPassed  verdict = "passed"
	checkFailed  verdict = "failed"
	checkNotMade verdict = "not made"
)

// check is one step of a guard, with its verdict.
type check struct {
	Name    string
	Says    string // what is checked
	Verdict verdict
	Reason  reason.Reason // why it failed
}

// step is a check, and the reasons that it can give.
type step struct {
	name, says string
	reasons    []reason.Reason
}

// steps are the checks of a guard in their order. A guard makes only those that its endpoint and its provider have:
// the others count as passed.
func steps() []step {
	return []step{
		{"Method", "the method is one that the provider uses", []reason.Reason{reason.Method}},
		{"HTTPS", "the request came encrypted, as far as trusted proxies say", []reason.Reason{reason.PlainHTTP}},
		{"Source", "the address is one of Config.Sources", []reason.Reason{reason.SourceNotAllowed}},
		{"Rate", "the sender stays below the rate limits", []reason.Reason{reason.RateLimited}},
		{"Headers", "the headers can be read in one way only, and announce a body that is taken", []reason.Reason{
			reason.RepeatedHeader, reason.HeaderTooLarge, reason.Encoding, reason.ContentType, reason.BodyTooLarge,
			reason.BodyAlreadyRead, reason.GuardConflict,
		}},
		{"Shared secret", "a secret that is presented as it is, is accepted", []reason.Reason{
			reason.MissingCredential, reason.BadCredential,
		}},
		{"Signature header", "the signature is there and well formed", []reason.Reason{
			reason.MissingSignature, reason.MalformedSignature,
		}},
		{"Time", "the signed time is there, and within the tolerance", []reason.Reason{
			reason.MissingTimestamp, reason.MalformedTimestamp, reason.Stale, reason.Early,
		}},
		{"Body", "the body arrived whole, within limits of size and time", []reason.Reason{reason.BodyIncomplete}},
		{"Signature", "an accepted secret or key made the signature over exactly these bytes", []reason.Reason{
			reason.BadSignature, reason.NoActiveSecret, reason.KeysUnavailable,
		}},
		{"Recipient", "the delivery is for this receiver", []reason.Reason{reason.WrongRecipient}},
		{"Replay", "the event was not processed before, and is not being processed", []reason.Reason{
			reason.Duplicate, reason.Conflict, reason.InFlight, reason.StoreUnavailable, reason.StoreFull,
			reason.Paused, reason.Busy,
		}},
		{"Receivers", "the app's code ran and succeeded", []reason.Reason{
			reason.SignalFailed, reason.SignalPanicked, reason.Permanent, reason.Undecodable, reason.Unhandled,
			reason.NotVerified,
		}},
	}
}

// checksOf returns the checks of a delivery with their verdicts. They follow from its reason: checks are made in one
// order, and the first that fails ends them. To record them would cost every delivery.
func checksOf(r reason.Reason) []check {
	all := steps()
	failed := slices.IndexFunc(all, func(s step) bool { return slices.Contains(s.reasons, r) })
	var checks []check
	for i, s := range all {
		c := check{Name: s.name, Says: s.says, Verdict: checkPassed}
		switch {
		case r == reason.Handshake && s.name == "Replay" || r == reason.Handshake && s.name == "Receivers":
			c.Verdict = checkNotMade
		case i == failed:
			c.Verdict, c.Reason = checkFailed, r
		case failed >= 0 && i > failed:
			c.Verdict = checkNotMade
		}
		checks = append(checks, c)
	}
	return checks
}
