package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strings"
	"sync"
	"time"
)

// least is what is left of a check when everything is known beforehand but the body and the key's state: the pooled HMAC of
// the standard library, the signature decoded, the comparison, and the clock where a timestamp is signed. Nothing that
// checks the scheme with these can be cheaper; what a header says is not even read.
type least struct {
	key       string
	prefix    string // of what is signed, before the body
	signature string
	base64    bool
}

const leastName = "the least: a pooled HMAC, decoding, a comparison"

// leastOf finds the parts in a signed request.
func (t *target) leastOf(r *request) least {
	get := func(name string) string { return r.Header.Get(name) }
	switch {
	case t.bodyOnly:
		return least{key: t.secret, signature: strings.TrimPrefix(get("X-Hub-Signature-256"), "sha256=")}
	case get("Stripe-Signature") != "":
		at, signature, _ := strings.Cut(strings.TrimPrefix(get("Stripe-Signature"), "t="), ",v1=")
		return least{key: t.secret, prefix: at + ".", signature: signature}
	case get("X-Slack-Signature") != "":
		return least{key: t.secret, prefix: "v0:" + get("X-Slack-Request-Timestamp") + ":", signature: strings.TrimPrefix(get("X-Slack-Signature"), "v0=")}
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(t.secret, "whsec_"))
	must(err)
	return least{key: string(key), prefix: get("Svix-Id") + "." + get("Svix-Timestamp") + ".", signature: strings.TrimPrefix(get("Svix-Signature"), "v1,"), base64: true}
}

// leastState is what a check needs and the next one can use again.
type leastState struct {
	hash      hash.Hash
	sum, sent [2 * sha256.Size]byte
	buffer    [16 << 10]byte
}

// verify gives a check of a body by one secret.
func (l least) verify() func(body []byte) bool { return l.verifyBy(1) }

// verifyBy gives a check of a body by so many secrets, of which the last one matches.
func (l least) verifyBy(secrets int) func(body []byte) bool {
	pool := sync.Pool{New: func() any { return &leastState{hash: hmac.New(sha256.New, []byte(l.key))} }}
	prefix, signature := []byte(l.prefix), []byte(l.signature)
	return func(body []byte) bool {
		st := pool.Get().(*leastState) //nolint:forcetypeassert // the pool holds nothing else
		defer pool.Put(st)
		n, err := 0, error(nil)
		if l.base64 {
			n, err = base64.StdEncoding.Decode(st.sent[:], signature)
		} else {
			n, err = hex.Decode(st.sent[:], signature)
		}
		if err != nil || (len(prefix) > 0 && time.Now().IsZero()) {
			return false
		}
		matches := 0
		for range secrets {
			st.hash.Reset()
			if len(prefix) > 0 {
				_, _ = st.hash.Write(prefix)
			}
			_, _ = st.hash.Write(body)
			matches += subtle.ConstantTimeCompare(st.hash.Sum(st.sum[:0]), st.sent[:n])
		}
		return matches == secrets // every pass is made with the secret that matches: they cost the same
	}
}

func (l least) subject(genuine, bad *request, judged *request, want error) subject {
	verify := l.verify()
	return ofVerifier(leastName, genuine, bad, judged, want, func(r *request) error {
		if !verify(r.body) {
			return errForged
		}
		return nil
	})
}

// leastCheck is a middleware that does no more than it must: the body is read into a kept buffer, checked, and copied for
// the handler, which finds it as the delivery of a context.
func leastCheck() check {
	return func(next http.Handler) http.Handler {
		pool := sync.Pool{New: func() any { return &leastState{hash: hmac.New(sha256.New, []byte(plainSecret))} }}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			st := pool.Get().(*leastState) //nolint:forcetypeassert // the pool holds nothing else
			defer pool.Put(st)
			own := r.ContentLength >= int64(len(st.buffer))
			body := st.buffer[:0]
			if own {
				body = make([]byte, 0, r.ContentLength+1)
			}
			for err := error(nil); err == nil; {
				n := 0
				n, err = r.Body.Read(body[len(body):cap(body)])
				body = body[:len(body)+n]
			}
			st.hash.Reset()
			_, _ = st.hash.Write(body)
			sent := append(st.sent[:0], r.Header["X-Hub-Signature-256"][0][len("sha256="):]...)
			n, err := hex.Decode(sent, sent)
			if err != nil || subtle.ConstantTimeCompare(st.hash.Sum(st.sum[:0]), sent[:n]) != 1 {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			if !own {
				body = bytes.Clone(body)
			}
			d := &leastDelivery{body: body}
			d.Reset(body)
			out := r.WithContext(context.WithValue(r.Context(), leastKey{}, d))
			out.Body = d
			next.ServeHTTP(w, out)
		})
	}
}

type leastKey struct{}

type leastDelivery struct {
	bytes.Reader
	body []byte
}

// Close does nothing.
func (*leastDelivery) Close() error { return nil }
