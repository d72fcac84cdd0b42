package core

import (
	"context"
	"crypto"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// VerifySignature is the path from the headers to the verdict, for measurements.
func (g *Guard) VerifySignature(r *http.Request, body []byte, now time.Time) bool {
	j := g.judge(nil, adapter.Inbound{}, now)
	defer g.judged(j)
	in := Input{Request: r, Body: body, Claims: &j.presented, Now: now}
	if g.verifier.judgeHead(&in).Failed() {
		return false
	}
	_, f := g.verifier.judgeBody(&in)
	return !f.Failed()
}

// ForgetMatch makes the next verification begin with the first secret, as if that had matched last.
func (g *Guard) ForgetMatch() {
	if c, err := g.verifier.ring.Current(context.Background(), "", g.now()); err == nil {
		c.Keys.lastMatch.Store(0)
	}
}

// SplitURL cuts a URL as the parts that sign one do, and gives its forms with and without a port.
func SplitURL(text string) (parts [4]string, with, without string) {
	scheme, host, port, rest := splitURL(text)
	return [4]string{scheme, host, port, rest}, urlWithPort(text), urlWithoutPort(text)
}

// SortedForm gives names and values in turn.
func SortedForm(body []byte) (fields []string, ok bool) {
	sorted, ok := sortedForm(body, entry.RepeatsSorted)
	for _, f := range sorted {
		fields = append(fields, f.name, f.value)
	}
	return fields, ok
}

// FormValue finds a field of a form of either kind.
func FormValue(body []byte, name string) (value string, count int, ok bool) {
	var field [1]formscan.Field
	err := formscan.Compile(name).Find(body, field[:])
	first := field[0]
	first.Count = min(first.Count, 1)
	value, _ = first.Once()
	return value, field[0].Count, err == nil
}

// CountPublicKeyOperations counts how often the guard tries a public key. Call it before the guard judges anything.
func (g *Guard) CountPublicKeyOperations() *atomic.Int64 {
	var n atomic.Int64
	if v := g.verifier; v != nil {
		try := v.tryKey
		v.tryKey = func(alg entry.Algorithm, key crypto.PublicKey, signed, signature []byte) bool {
			n.Add(1)
			return try(alg, key, signed, signature)
		}
	}
	return &n
}

// ParseSeconds, ParseMilliseconds and ParseRFC3339 read timestamps.
func ParseSeconds(text string) (time.Time, bool) { return parseTimestamp(entry.Seconds, text) }

// ParseMilliseconds reads milliseconds.
func ParseMilliseconds(text string) (time.Time, bool) {
	return parseTimestamp(entry.Milliseconds, text)
}

// ParseRFC3339 reads an RFC 3339 time.
func ParseRFC3339(text string) (time.Time, bool) { return parseTimestamp(entry.RFC3339, text) }

// DecodeBasic reads the word of a Basic credential.
func DecodeBasic(word string) (string, bool) {
	pair, ok := decodeBasic(nil, word)
	return string(pair), ok
}

// MatchesGrammar judges a value that is signed.
func MatchesGrammar(g entry.Grammar, text string) bool { return matchesGrammar(g, text) }

// ExhaustDiagnosis leaves nothing for explanations of the guard's refusals for an hour. It needs a budget of its own.
func (g *Guard) ExhaustDiagnosis() {
	b := g.share.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.diagnosis = tank{-time.Hour, time.Now()}
	g.share.diagnosis = b.diagnosis
}
