package jwt

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Senders of messages, whose tokens cover what is sent.

// MessageBird is the webhooks of MessageBird's SMS and Voice APIs, POST and GET. The secret is the signing key. A token
// covers the URL and the body and lives for a minute; the URL is the one registered at MessageBird: set PublicURL where
// the endpoint sees another. For deliveries that are signed in the older way see the entry messagebird-legacy.
//
// A GET carries everything in its URL, so that an event is remembered by URL and body. Whether deliveries are sent
// again, and for how long, is not documented.
//
// https://developers.messagebird.com/api/#verifying-http-requests
func MessageBird() core.Provider {
	return of(entry.Entry{
		Name: "messagebird", Title: "MessageBird", Confidence: "A",
		Docs:       "https://developers.messagebird.com/api/#verifying-http-requests",
		SecretFrom: "Developers > API access > Signing key",
		Methods:    []string{"GET"},
		Identity:   entry.Identity{Kind: entry.BySigned},
	}, &mechanism{
		header: "Messagebird-Signature-Jwt", algorithms: []string{"HS256", "HS384", "HS512"},
		issuers: []string{"MessageBird"}, expires: true, notBefore: true, time: "nbf",
		leeway:   time.Second, // as MessageBird's own libraries have it
		bodyHash: "payload_hash", bodyOptional: true, urlHash: "url_hash",
		signed: urlAndBody, covers: "{url}, {body}",
	})
}

// Vonage is the signed webhooks of Vonage's Messages and Voice APIs. The secret is the account's signature secret. An
// answer_url is asked with a GET by default, whose token has no hash of a body: it says who called, and nothing of the
// query is covered. It waits for its answer, so that nothing of a GET is remembered. Vonage says that a webhook may
// rarely come unsigned, and is sent again, signed, after a 5xx; so a failed authentication is answered 503.
//
// https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks
// https://developer.vonage.com/en/messages/concepts/signed-webhooks
func Vonage() core.Provider {
	return of(entry.Entry{
		Name: "vonage", Title: "Vonage", Confidence: "B",
		Docs:       "https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks",
		SecretFrom: "API settings > Signature secret",
		Event: entry.Event{
			ID: pointer("/message_uuid"), Type: pointer("/status"), Time: pointer("/timestamp"),
			TimeUnit: entry.RFC3339,
		},
		Unsigned: []string{"the query of a GET"},
		Identity: entry.Identity{NoneForGET: true, Why: "an answer_url waits for its answer, and a repeated answer " +
			"would be wrong"},
		Methods:    []string{"GET"},
		AuthStatus: 503,
	}, &mechanism{
		header: "Authorization", scheme: "Bearer", algorithms: []string{"HS256"},
		issuers: []string{"Vonage"}, issued: true, time: "iat", leeway: leeway,
		bodyHash: "payload_hash", getsOptional: true, covers: "{body}",
	})
}

// leeway is how far clocks may differ where a token's own times are checked.
const leeway = 30 * time.Second

// urlAndBody are what an event is remembered by where the URL tells it as well as the body.
func urlAndBody(_ *token, url string, body []byte) [sha256.Size]byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(url), body} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = h.Write(length[:])
		_, _ = h.Write(part)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// inputHash remembers the token itself: for providers whose events repeat byte for byte.
func inputHash(t *token, _ string, _ []byte) [sha256.Size]byte { return sha256.Sum256([]byte(t.input)) }

// of is the one place where an entry gets its mechanism.
func of(e entry.Entry, m *mechanism) core.Provider { return made(e, m, nil) }

func made(e entry.Entry, m *mechanism, err error) core.Provider {
	if e.Scheme == nil {
		e.Scheme = &entry.Scheme{}
	}
	e.Scheme.Custom = m
	return entry.NewProvider(e, err)
}

func pointer(p string) []entry.Value { return []entry.Value{{JSON: p}} }

func header(name string) []entry.Value { return []entry.Value{{Header: name}} }
