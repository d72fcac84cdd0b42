package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v74/github"
	"github.com/stripe/stripe-go/v85/webhook"
	svix "github.com/svix/svix-webhooks/go"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// sender is one whose deliveries are sent through whole requests.
type sender struct {
	name    string
	p       core.Provider
	secret  string
	naive   func(r *http.Request, body []byte) error // as a careful user would write the check
	library peer                                     // the vendor's
}

func senders() []sender {
	svixHook, err := svix.NewWebhook(svixSecret)
	must(err)
	svixKey, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(svixSecret, "whsec_"))
	must(err)
	return []sender{
		{"GitHub", provider.GitHub(), plainSecret, naiveGitHub,
			peer{"go-github", func(r *http.Request, body []byte) error {
				return github.ValidateSignature(r.Header.Get("X-Hub-Signature-256"), body, []byte(plainSecret))
			}}},
		{"Stripe", provider.Stripe(), stripeSecret, naiveStripe,
			peer{"stripe-go", func(r *http.Request, body []byte) error {
				return webhook.ValidatePayload(body, r.Header.Get("Stripe-Signature"), stripeSecret)
			}}},
		{"Svix", provider.Svix(), svixSecret,
			func(r *http.Request, body []byte) error { return naiveSvix(r, body, svixKey) },
			peer{"svix", func(r *http.Request, body []byte) error { return svixHook.Verify(body, r.Header) }}},
	}
}

// checking is a middleware as a careful user would write it: the body is bounded, checked as it came, and put back. It
// keeps no replay out.
func checking(verify func(r *http.Request, body []byte) error) check {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
			if err != nil {
				http.Error(w, "too large", http.StatusRequestEntityTooLarge)
				return
			}
			if verify(r, body) != nil {
				http.Error(w, "bad signature", http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		})
	}
}

// byHand is GitHub's check, written so.
func byHand(next http.Handler) http.Handler { return checking(naiveGitHub)(next) }

// naiveGitHub writes the signature as GitHub does, and compares the texts, as its examples in Python and Ruby do.
func naiveGitHub(r *http.Request, body []byte) error {
	want := "sha256=" + hex.EncodeToString(macOf([]byte(plainSecret), body))
	if !hmac.Equal([]byte(want), []byte(r.Header.Get("X-Hub-Signature-256"))) {
		return errForged
	}
	return nil
}

func naiveStripe(r *http.Request, body []byte) error {
	at, signatures := "", []string(nil)
	for part := range strings.SplitSeq(r.Header.Get("Stripe-Signature"), ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "t":
			at = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	if !recent(at) {
		return errForged
	}
	want := macOf([]byte(stripeSecret), []byte(at), []byte("."), body)
	for _, text := range signatures {
		if got, err := hex.DecodeString(text); err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return errForged
}

func naiveSvix(r *http.Request, body, key []byte) error {
	id, at := r.Header.Get("Svix-Id"), r.Header.Get("Svix-Timestamp")
	if id == "" || !recent(at) {
		return errForged
	}
	want := macOf(key, []byte(id), []byte("."), []byte(at), []byte("."), body)
	for text := range strings.SplitSeq(r.Header.Get("Svix-Signature"), " ") {
		text, ok := strings.CutPrefix(text, "v1,")
		if got, err := base64.StdEncoding.DecodeString(text); ok && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return errForged
}

func macOf(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		_, _ = mac.Write(p)
	}
	return mac.Sum(nil)
}

func recent(text string) bool {
	at, err := strconv.ParseInt(text, 10, 64)
	return err == nil && time.Since(time.Unix(at, 0)).Abs() <= 5*time.Minute
}

// pair is a delivery of GitHub's, and one whose body was changed.
func pair(size int) (genuine, bad *request) { return pairOf(provider.GitHub(), plainSecret, size) }

func pairOf(p core.Provider, secret string, size int) (genuine, bad *request) {
	genuine = newRequest(p, secret, jsonBody(size))
	bad = &request{Request: genuine.Clone(context.Background()), body: bytes.Clone(genuine.body)}
	bad.body[len(bad.body)/2] ^= 1
	return genuine, bad
}
