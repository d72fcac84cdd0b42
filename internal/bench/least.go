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

// least is what is left of a check when everything is known beforehand but the body and the key's state: the pooled
// HMAC of the standard library, the signature decoded, the comparison, and the clock where a timestamp is signed.
// Nothing that checks the scheme with these can be cheaper; what a header says is not even read.
type least struct {
	key       []byte
	prefix    []byte // of what is signed, before the body
	signature []byte
	base64    bool
}

const leastName = "the least: a pooled HMAC, decoding, a comparison"

// leastOf finds the parts in a signed request.
func (t *target) leastOf(r *request) least {
	get := func(name string) string { return r.Header.Get(name) }
	signed := func(key, prefix, signature string) least {
		return least{key: []byte(key), prefix: []byte(prefix), signature: []byte(signature)}
	}
	switch {
	case t.bodyOnly:
		return signed(t.secret, "", strings.TrimPrefix(get("X-Hub-Signature-256"), "sha256="))
	case get("Stripe-Signature") != "":
		at, signature, _ := strings.Cut(strings.TrimPrefix(get("Stripe-Signature"), "t="), ",v1=")
		return signed(t.secret, at+".", signature)
	case get("X-Slack-Signature") != "":
		return signed(t.secret, "v0:"+get("X-Slack-Request-Timestamp")+":",
			strings.TrimPrefix(get("X-Slack-Signature"), "v0="))
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(t.secret, "whsec_"))
	must(err)
	l := signed(string(key), get("Svix-Id")+"."+get("Svix-Timestamp")+".",
		strings.TrimPrefix(get("Svix-Signature"), "v1,"))
	l.base64 = true
	return l
}

// leastState is what a check needs and the next one can use again.
type leastState struct {
	hash      hash.Hash
	sum, sent [2 * sha256.Size]byte
	text      [128]byte
	buffer    [16 << 10]byte
}

func newLeastState(key []byte) *leastState { return &leastState{hash: hmac.New(sha256.New, key)} }

// matches checks a signature of a body, in so many passes: each is made with the secret that matches, and costs what
// one with another secret does.
func (st *leastState) matches(l *least, signature, body []byte, passes int) bool {
	n, err := 0, error(nil)
	if l.base64 {
		n, err = base64.StdEncoding.Decode(st.sent[:], signature)
	} else {
		n, err = hex.Decode(st.sent[:], signature)
	}
	if err != nil || (len(l.prefix) > 0 && time.Now().IsZero()) {
		return false
	}
	matches := 0
	for range passes {
		st.hash.Reset()
		if len(l.prefix) > 0 {
			_, _ = st.hash.Write(l.prefix)
		}
		_, _ = st.hash.Write(body)
		matches += subtle.ConstantTimeCompare(st.hash.Sum(st.sum[:0]), st.sent[:n])
	}
	return matches == passes
}

// verify gives a check of a body, in so many passes.
func (l least) verify(passes int) func(body []byte) bool {
	pool := sync.Pool{New: func() any { return newLeastState(l.key) }}
	return func(body []byte) bool {
		st := pool.Get().(*leastState) // the pool holds nothing else
		defer pool.Put(st)
		return st.matches(&l, l.signature, body, passes)
	}
}

func (l least) subject(genuine, bad *request, judged *request, want error) subject {
	verify := l.verify(1)
	return ofVerifier(leastName, genuine, bad, judged, want, func(r *request) error {
		if !verify(r.body) {
			return errForged
		}
		return nil
	})
}

// leastCheck is a middleware that does no more than it must: the body is read into a kept buffer, checked, and copied
// for the handler, which finds it as the delivery of a context.
func leastCheck() check {
	return func(next http.Handler) http.Handler {
		l := least{key: []byte(plainSecret)}
		pool := sync.Pool{New: func() any { return newLeastState(l.key) }}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			st := pool.Get().(*leastState) // the pool holds nothing else
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
			signature := append(st.text[:0], r.Header["X-Hub-Signature-256"][0][len("sha256="):]...)
			if !st.matches(&l, signature, body, 1) {
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
