package callback_test

import (
	"context"
	"crypto/sha1" // the senders' own
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/callback"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const token = "a-token-of-this-test"

func mechanism() entry.Custom {
	return callback.New(callback.Config{
		Sealed: &entry.Sealed{
			Cipher: entry.AES256CBCFramed, Pointer: "/encrypt", Element: "Encrypt", Parameter: "echostr",
			Receivers: []string{"r"},
		},
		Signature: []string{"msg_signature", "signature"}, Timestamp: []string{"timestamp", "timeStamp"}, Payload: "x",
	})
}

// signed is the formula, written once more.
func signed(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func ciphertext(blocks int) string {
	return base64.StdEncoding.EncodeToString(slices.Repeat([]byte("0123456789abcdef"), blocks))
}

// verdict is what becomes of a request: the reason of its refusal, or the time that was proved.
func verdict(query string, body []byte) (reason.Reason, time.Time) {
	m := mechanism()
	req := &entry.CustomRequest{Method: http.MethodPost, Query: query, Header: http.Header{},
		Keys: []any{"other", token}}
	state, err := m.Head(req)
	proof := entry.CustomProof{}
	if err == nil {
		proof, err = m.Body(context.Background(), req, state, body)
	}
	var f fault.Failure
	if errors.As(err, &f) {
		return f.Reason, time.Time{}
	}
	if err != nil || proof.Key != 1 {
		return "no failure", time.Time{}
	}
	return "", proof.Time
}

func bodyOf(text string) []byte {
	doc, err := json.Marshal(map[string]string{"encrypt": text})
	if err != nil {
		panic(err)
	}
	return doc
}

func TestTheURLIsReadStrictly(t *testing.T) {
	t.Parallel()
	const at, nonce = "1790000000", "nonce1"
	text := ciphertext(4)
	good := signed(token, at, nonce, text)
	query := func(signature, at, nonce string) string {
		return url.Values{"msg_signature": {signature}, "timestamp": {at}, "nonce": {nonce}}.Encode()
	}
	rows := []struct {
		name, query string
		body        []byte
		want        reason.Reason
	}{
		{"genuine", query(good, at, nonce), bodyOf(text), ""},
		{"under its other names", "signature=" + good + "&timeStamp=" + at + "&nonce=" + nonce, bodyOf(text), ""},
		{"in XML", query(good, at, nonce), []byte("<xml><Encrypt>" + text + "</Encrypt></xml>"), ""},
		{"with the parameters of the registered URL", "a=b&" + query(good, at, nonce), bodyOf(text), ""},
		{"under both names", query(good, at, nonce) + "&signature=" + good, bodyOf(text), reason.MalformedSignature},
		{"a signature twice", query(good, at, nonce) + "&msg_signature=" + good, bodyOf(text),
			reason.MalformedSignature},
		{"an empty signature and a right one", "msg_signature=&" + query(good, at, nonce), bodyOf(text),
			reason.MalformedSignature},
		{"a malformed query", query(good, at, nonce) + ";a=b", bodyOf(text), reason.MalformedSignature},
		{"no signature", "timestamp=" + at + "&nonce=" + nonce, bodyOf(text), reason.MissingSignature},
		{"in upper case", query(strings.ToUpper(good), at, nonce), bodyOf(text), reason.MalformedSignature},
		{"no timestamp", query(good, "", nonce), bodyOf(text), reason.MalformedSignature},
		{"a digit less", query(signed(token, at[1:], nonce, text), at[1:], nonce), bodyOf(text),
			reason.MalformedSignature},
		{"a sign before it", query(good, "+"+at[1:], nonce), bodyOf(text), reason.MalformedSignature},
		{"no nonce", query(good, at, ""), bodyOf(text), reason.MalformedSignature},
		{"a nonce with a sign", query(signed(token, at, "a=", text), at, "a="), bodyOf(text),
			reason.MalformedSignature},
		{"a long nonce", query(signed(token, at, strings.Repeat("a", 49), text), at, strings.Repeat("a", 49)),
			bodyOf(text), reason.MalformedSignature},
		{"another token", query(signed("another", at, nonce, text), at, nonce), bodyOf(text), reason.BadSignature},
		{"another nonce", query(good, at, "nonce2"), bodyOf(text), reason.BadSignature},
		{"another ciphertext", query(good, at, nonce), bodyOf(ciphertext(5)), reason.BadSignature},
		{"one block", query(signed(token, at, nonce, ciphertext(1)), at, nonce), bodyOf(ciphertext(1)),
			reason.MalformedSignature},
		{"half a block", query(signed(token, at, nonce, text[:84]), at, nonce), bodyOf(text[:84]),
			reason.MalformedSignature},
		{"a line break in it", query(signed(token, at, nonce, text[:64]+"\n"+text[64:]), at, nonce),
			bodyOf(text[:64] + "\n" + text[64:]), reason.MalformedSignature},
		{"no ciphertext", query(good, at, nonce), []byte("{}"), reason.MalformedSignature},
		{"twice", query(good, at, nonce), []byte(`{"encrypt":"` + text + `","encrypt":"` + text + `"}`),
			reason.MalformedSignature},
		{"text behind it", query(good, at, nonce), append(bodyOf(text), 'x'), reason.MalformedSignature},
	}
	for _, row := range rows {
		got, when := verdict(row.query, row.body)
		require.Equal(t, row.want, got, row.name)
		if row.want == "" {
			require.Equal(t, time.Unix(1790000000, 0), when, row.name)
		}
	}
}

// TestTheCiphertextHasOneBoundary divides what is signed in every other way: whoever captured a delivery can do that.
// The same ciphertext is left, or one no block of which is a block of the genuine one.
func TestTheCiphertextHasOneBoundary(t *testing.T) {
	t.Parallel()
	moved := 0
	for _, blocks := range []int{3, 4, 5, 6, 9} {
		for _, nonce := range []string{"a", "Zz9", "00000000", "WelUQl6bCqcBa2fM", "1790000001",
			strings.Repeat("5", 48)} {
			for _, stamp := range []string{"1790000000", "9999999999"} {
				text := ciphertext(blocks)
				parts := []string{token, stamp, nonce, text}
				slices.Sort(parts)
				whole := strings.Join(parts, "")
				for _, other := range divisions(whole) {
					if slices.Contains(other, text) {
						continue
					}
					moved++
					for _, part := range other {
						require.NotEqual(t, 0, shared(whole, text, part)%64, "%q", other)
					}
				}
			}
		}
	}
	require.Positive(t, moved, "nothing was tried")
}

// shared is by how many characters a part that could be a ciphertext lies next to the genuine one.
func shared(whole, text, part string) int {
	if len(part) < 64 {
		return 1
	}
	return strings.Index(whole, part) - strings.Index(whole, text)
}

// divisions are all divisions into a token, a timestamp, a nonce and a ciphertext that the mechanism accepts.
func divisions(whole string) (all [][]string) {
	before, after, _ := strings.Cut(whole, token)
	for i := range len(whole) {
		for j := i; j <= len(whole) && j-i <= 64; j++ {
			for k := j; k <= len(whole); k++ {
				parts := []string{whole[:i], whole[i:j], whole[j:k], whole[k:]}
				at := slices.Index(parts, token)
				if at < 0 || !slices.IsSorted(parts) || strings.Join(parts[:at], "") != before ||
					strings.Join(parts[at+1:], "") != after {
					continue
				}
				rest := slices.Delete(slices.Clone(parts), at, at+1)
				if accepted(whole, rest) {
					all = append(all, rest)
				}
			}
		}
	}
	return all
}

// accepted asks the mechanism about each role that the parts can have.
func accepted(whole string, rest []string) bool {
	sum := sha1.Sum([]byte(whole))
	for _, roles := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		stamp, nonce, text := rest[roles[0]], rest[roles[1]], rest[roles[2]]
		if len(stamp) != 10 || len(text) < 44 {
			continue
		}
		query := url.Values{"msg_signature": {hex.EncodeToString(sum[:])}, "timestamp": {stamp}, "nonce": {nonce}}
		if f, _ := verdict(query.Encode(), bodyOf(text)); f == "" {
			return true
		}
	}
	return false
}

func TestATokenHasNoSign(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		token: true, "a-short-token": false, "a-token-with-a-sign=": false, "a token with blanks": false,
		"a-token-with-ümlauts": false, strings.Repeat("a", 129): false,
	} {
		_, problem := mechanism().Key(text, 16)
		require.Equal(t, good, problem == "", text)
		require.NotContains(t, problem, text)
	}
}

// TestAnAnswerIsSignedAsADeliveryIs: the sender checks it with the same formula.
func TestAnAnswerIsSignedAsADeliveryIs(t *testing.T) {
	t.Parallel()
	m, ok := mechanism().(entry.CustomAnswerer)
	require.True(t, ok)
	var got struct {
		Signature string `json:"msg_signature"`
		Encrypt   string `json:"encrypt"`
		Timestamp string `json:"timeStamp"`
		Nonce     string `json:"nonce"`
	}
	require.NoError(t, json.Unmarshal(m.Answer(token, ciphertext(4), time.UnixMilli(1790000000123)), &got))
	require.Equal(t, "1790000000123", got.Timestamp)
	require.Equal(t, ciphertext(4), got.Encrypt)
	require.Equal(t, signed(token, got.Timestamp, got.Nonce, got.Encrypt), got.Signature)
}

func FuzzHead(f *testing.F) {
	f.Add("msg_signature=a&timestamp=1790000000&nonce=n", []byte(`{"encrypt":"x"}`))
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		if f, _ := verdict(query, body); f == "" {
			t.Fatal("nobody signed it")
		}
	})
}
