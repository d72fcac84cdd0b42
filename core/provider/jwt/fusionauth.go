package jwt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// FusionAuth is the signed events of a FusionAuth instance. The algorithm is that of the key chosen to sign events:
// RS256, ES256, EdDSA or HS256. For a key pair, keys.JWKS fetches the instance's /.well-known/jwks.json, or Secrets
// hold the public key in PEM; for HS256, Secrets hold the key's secret. Another algorithm than this one is never tried.
//
// A token covers the body and nothing else, and does not say when it was made. A transactional event waits for the
// answer.
//
// https://fusionauth.io/docs/extend/events-and-webhooks/signing
func FusionAuth(algorithm string) core.Provider {
	known := []string{"RS256", "ES256", "EdDSA", "HS256"}
	var err error
	if !slices.Contains(known, algorithm) {
		err = fmt.Errorf("FusionAuth needs the algorithm of the key that signs events, one of %s; %.20q is not",
			strings.Join(known, ", "), algorithm)
		algorithm = known[0]
	}
	return made(entry.Entry{
		Name: "fusionauth", Title: "FusionAuth", Confidence: "B",
		Docs:       "https://fusionauth.io/docs/extend/events-and-webhooks/signing",
		SecretFrom: "Settings > Key Master > the key that signs events; of a key pair its public key in PEM",
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/event/id"},
		Event: entry.Event{
			ID: pointer("/event/id"), Type: pointer("/event/type"), Time: pointer("/event/createInstant"),
			TimeUnit: entry.Milliseconds,
			Tenant:   pointer("/event/tenantId"), Data: "/event",
		},
	}, &mechanism{
		header: "X-Fusionauth-Signature-Jwt", algorithms: []string{algorithm}, keyless: algorithm != "HS256",
		leeway: leeway, bodyHash: "request_body_sha256", bodyBase64: true, covers: "{body}",
	}, err)
}
