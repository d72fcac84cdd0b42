// Package keccak has the senders that sign with Keccak-256, the hash of Ethereum, which is SHA-3 before it was
// standardised and is not in the standard library. Whoever imports package provider alone does not link
// golang.org/x/crypto.
package keccak

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/sha3"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Moralis is the webhooks of Moralis Streams. The secret is the account's streams secret; where none was set, the API
// key. The signature is the plain hash of the body with the secret at its end, and covers no time. A stream that is
// created or changed sends a first, empty delivery, which is signed as well and is an event like the others.
//
// Moralis retries for two days. The body counts the retries, and names no event: a retry of what was accepted, whose
// answer came too late, runs again. Moralis advises to tell events apart by their transaction and log index.
//
// https://docs.moralis.com/streams-api/evm/webhook-security
// https://docs.moralis.com/streams/streams-concepts/error-handling
func Moralis() core.Provider {
	return entry.NewProvider(entry.Entry{
		Name: "moralis", Title: "Moralis Streams", Confidence: "A",
		Docs:       "https://docs.moralis.com/streams-api/evm/webhook-security",
		SecretFrom: "Streams > Settings > Secret Key",
		Scheme:     &entry.Scheme{Custom: appended{header: "X-Signature"}},
		Event: entry.Event{
			Type: []entry.Value{{JSON: "/tag"}}, Action: []entry.Value{{JSON: "/confirmed"}},
			Attempt: []entry.Value{{JSON: "/retries"}}, AttemptBase: 1,
		},
		RetryHorizon: 46 * time.Hour, // seven retries, the last one 45 hours and 11 minutes after the first attempt
	}, nil)
}

// appended is a header that holds "0x" and the hexadecimal Keccak-256 of the body and the secret.
type appended struct{ header string } // canonical

const prefix = "0x"

func (d appended) Traits() entry.CustomTraits {
	return entry.CustomTraits{
		Body: true, Proof: "Keccak-256 with the secret in `" + d.header + "`", Signed: "{body}{secret}",
		Headers: []string{d.header},
	}
}

func (appended) Key(text string, least int) (key any, problem string) {
	if len(text) < max(1, least) {
		return nil, fmt.Sprintf("the secret is too short: it needs at least %d bytes", max(1, least))
	}
	return []byte(text), ""
}

func (d appended) Head(req *entry.CustomRequest) (state any, err error) {
	values := req.Header[d.header]
	switch {
	case len(values) > 1:
		return nil, fault.New(reason.RepeatedHeader, "the header "+d.header+" came more than once")
	case len(values) == 0 || values[0] == "":
		return nil, fault.New(reason.MissingSignature, "no "+d.header+" header: a proxy may strip it")
	}
	text, ok := strings.CutPrefix(values[0], prefix)
	if !ok || len(text) != hex.EncodedLen(size) {
		return nil, fault.New(reason.MalformedSignature, "the signature is not "+prefix+" and 64 hexadecimal digits")
	}
	sum, err := hex.DecodeString(text)
	if err != nil {
		return nil, fault.New(reason.MalformedSignature, "the signature is not "+prefix+" and 64 hexadecimal digits")
	}
	return sum, nil
}

const size = 32

func (d appended) Body(_ context.Context, req *entry.CustomRequest, state any, body []byte) (entry.CustomProof, error) {
	got, ok := state.([]byte)
	if !ok {
		return entry.CustomProof{}, errors.New("the signature was not read")
	}
	for i, key := range req.Keys {
		secret, _ := key.([]byte)
		if subtle.ConstantTimeCompare(got, sum(body, secret)) == 1 {
			return entry.CustomProof{Key: i}, nil
		}
	}
	return entry.CustomProof{}, fault.New(reason.BadSignature,
		"the signature matches under none of the secrets: compare Secrets with what the provider shows")
}

func sum(body, secret []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	_, _ = h.Write(body) // a hash never fails
	_, _ = h.Write(secret)
	return h.Sum(nil)
}

// Sign signs as the provider does, for package webhooktest.
func (d appended) Sign(r *http.Request, _ string, body []byte, key string, _ time.Time) ([]byte, error) {
	h := sha3.NewLegacyKeccak256()
	_, _ = h.Write(append(append([]byte{}, body...), key...))
	r.Header.Set(d.header, prefix+hex.EncodeToString(h.Sum(nil)))
	return body, nil
}
