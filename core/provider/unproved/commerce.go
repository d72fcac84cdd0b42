package unproved

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func commerce() []core.Provider { return []core.Provider{Recharge(), RechargeLegacy()} }

// Recharge is the webhooks of Recharge with the signature that is over a time. The secret is the API client secret.
// Each delivery has the older signature as well, which does not count here.
//
// Recharge's own changelog names the time and the window of 48 hours, and its documentation the retries; the form of
// the header is what receivers that cite it agree on.
//
// https://changelog.getrecharge.com/webhook-signatures-now-support-timestamp-verification-4jEmOs
// https://docs.getrecharge.com/docs/webhooks-overview
func Recharge() core.Provider {
	e := rechargeEntry()
	e.Name, e.Title = "recharge", "Recharge"
	e.Scheme = &entry.Scheme{
		Algorithm: entry.HMACSHA256,
		Signature: entry.Signature{
			Field: headers("X-Recharge-Webhook-Signature"), Layout: entry.Pairs, Separator: ',', Name: "v1",
			Encoding: entry.Hex,
		},
		Timestamp: entry.Timestamp{Field: entry.Field{Key: "t"}, Past: rechargeHorizon},
		Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
	}
	return of(e)
}

// RechargeLegacy is the webhooks of Recharge with the older signature: the SHA-256 of the API client secret and the
// body. A delivery that has the newer signature is refused, right or wrong: use [Recharge].
//
// It is no HMAC: whoever holds one delivery can lengthen its body, by bytes among which is a zero byte. A body with a
// zero byte is refused.
//
// https://docs.getrecharge.com/docs/webhooks-overview
func RechargeLegacy() core.Provider {
	e := rechargeEntry()
	e.Name, e.Title = "recharge-legacy", "Recharge (older signature)"
	e.Scheme = &entry.Scheme{
		Algorithm: entry.DigestSHA256,
		Signature: entry.Signature{
			Field: headers("X-Recharge-Hmac-Sha256"), Encoding: entry.Hex,
			Newer: []string{"X-Recharge-Webhook-Signature"},
		},
		Signed: []entry.Part{entry.Secret(), entry.Body()},
	}
	e.Unsigned = append(e.Unsigned, "time")
	return of(e)
}

// rechargeEntry is what both signatures have in common. Several topics may be about one object that did not change in
// between, so that the topic joins what is remembered.
func rechargeEntry() entry.Entry {
	const topic = "X-Recharge-Topic"
	return entry.Entry{
		Confidence: "C",
		Docs:       "https://docs.getrecharge.com/docs/webhooks-overview",
		SecretFrom: "the merchant portal > Integrations > API tokens > the token > API Client Secret",
		Unsigned:   []string{"topic (" + topic + ")"},
		Identity:   entry.Identity{With: []string{topic}},
		Event:      entry.Event{Type: []entry.Value{{Header: topic}}},
		// Twenty attempts.
		RetryHorizon: rechargeHorizon, AckLimit: 5 * time.Second,
	}
}

const rechargeHorizon = 48 * time.Hour
