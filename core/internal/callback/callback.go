// Package callback has a mechanism of callbacks in which a plain SHA-1 covers four texts that are sorted first. One of
// them is a token that both sides know, and one the ciphertext.
//
// Nothing stands between the texts. So whoever captured a delivery may divide the same bytes in another way, and the
// forms that are accepted leave no other way for the ciphertext, see [mechanism.Body].
package callback

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // the senders' own
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/sealed"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Config says how one sender writes the parts.
type Config struct {
	Sealed *entry.Sealed
	// Signature and Timestamp are the names of parameters of the URL. A delivery has exactly one name of each.
	Signature, Timestamp []string
	Milliseconds         bool // the timestamp's unit; otherwise seconds
	// Payload is how the body is described in the documentation.
	Payload string
}

// New returns the mechanism.
func New(c Config) entry.Custom {
	m := mechanism{Config: c, opener: sealed.New(c.Sealed), digits: 10}
	if c.Milliseconds {
		m.digits = 13
	}
	return m
}

type mechanism struct {
	Config
	opener *sealed.Opener
	digits int // of a timestamp, from the year 2001 to 2286
}

// nonceName is the parameter of the nonce.
const nonceName = "nonce"

// maxNonce is the longest nonce, in bytes. A nonce and a timestamp together are shorter than any ciphertext that is
// accepted, and than the step between two lengths of a ciphertext with the same end; see Body.
const maxNonce = 48

// maxToken is the longest token, in bytes.
const maxToken = 128

// Traits say what a proof holds. The body around the ciphertext is not proved: events are read from what was decrypted.
func (m mechanism) Traits() entry.CustomTraits {
	names := slices.Concat(m.Signature[:1], m.Timestamp[:1], []string{nonceName})
	return entry.CustomTraits{
		Time: true, Parameters: names,
		Proof:  "plain SHA-1 in the parameter `" + names[0] + "` of the URL",
		Signed: "{token}{" + names[1] + "}{nonce}{" + m.Payload + "}, sorted",
	}
}

// Key compiles a token.
func (m mechanism) Key(text string, least int) (key any, problem string) {
	switch {
	case len(text) < max(1, least):
		return nil, "the token is too short: it needs at least " + strconv.Itoa(max(1, least)) + " characters"
	case len(text) > maxToken || !isToken(text):
		// An equals sign would leave more than one way to divide what is signed, see Body.
		return nil, "it is not a token: it is too long, or has an equals sign or characters other than those of ASCII"
	}
	return text, ""
}

// head is what the URL says. Nothing of it is proved.
type head struct{ signature, timestamp, nonce string }

const (
	noSignature  = "the URL has no signature: a proxy may cut the query off, or this is not a callback"
	badHead      = "the URL's signature, timestamp or nonce is not of the sender's form"
	repeatedHead = "a parameter of the URL comes twice, or the query is malformed"
	noCiphertext = "the body is not one document that holds one ciphertext in base64"
	noMatch      = "the signature matches under none of the tokens: compare Secrets with the token at the provider"
)

// Head reads the URL strictly. It fails closed on parameters that come twice, because readers differ in which one
// they take.
func (m mechanism) Head(req *entry.CustomRequest) (state any, err error) {
	var h head
	for _, want := range []struct {
		names []string
		into  *string
	}{{m.Signature, &h.signature}, {m.Timestamp, &h.timestamp}, {[]string{nonceName}, &h.nonce}} {
		for _, name := range want.names {
			value, n, err := httpfield.QueryValue(req.Query, name)
			if err != nil || n > 1 || n == 1 && *want.into != "" {
				return nil, fault.New(reason.MalformedSignature, repeatedHead)
			}
			if n == 1 {
				*want.into = value
			}
		}
	}
	switch {
	case h.signature == "":
		return nil, fault.New(reason.MissingSignature, noSignature)
	case len(h.signature) != 2*sha1.Size || strings.Trim(h.signature, "0123456789abcdef") != "",
		len(h.timestamp) != m.digits || strings.Trim(h.timestamp, "0123456789") != "",
		h.nonce == "" || len(h.nonce) > maxNonce || !isAlnum(h.nonce):
		return nil, fault.New(reason.MalformedSignature, badHead)
	}
	return h, nil
}

func isToken(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == '=' {
			return false
		}
	}
	return true
}

func isAlnum(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// Body checks the signature over the ciphertext. It does not decrypt.
//
// Suppose that the same bytes, with the same token, are divided in another way. The ciphertext is canonical base64 of
// whole blocks of AES, so that its length in characters modulo 64 and the number of its equals signs belong together:
// two ciphertexts of one number of signs differ in length by a multiple of 64. No other part has such a sign.
//
//   - With a sign, the other ciphertext has the same end, and as many signs. Its length then differs by at least 64,
//     which a nonce of at most 48 characters and a timestamp of fixed length cannot make up for: it is the same.
//   - Without one, its length is the same too, and only its place can differ, by fewer than 64 characters: no block of
//     it is a block of the genuine one. It decrypts to random bytes, which name no receiver.
//
// What is left is the boundary between timestamp and nonce, where they stand together: a nonce that consists of digits
// could be a timestamp. So whoever captured a delivery may show another time for the same message. The message, by
// which an event is remembered, is always the genuine one.
//
// A longer text cannot be hashed from a captured hash: what SHA-1 pads with is not in any part.
func (m mechanism) Body(
	_ context.Context, req *entry.CustomRequest, state any, body []byte,
) (entry.CustomProof, error) {
	h, ok := state.(head)
	if !ok {
		return entry.CustomProof{}, errors.New("the URL was not read")
	}
	box, ok := m.opener.Find(req.Method == http.MethodGet, req.Query, body)
	if !ok || !isCiphertext(box.Text) {
		return entry.CustomProof{}, fault.New(reason.MalformedSignature, noCiphertext)
	}
	n, _ := strconv.ParseInt(h.timestamp, 10, 64) // digits only, and few
	at := time.Unix(n, 0)
	if m.Milliseconds {
		at = time.UnixMilli(n)
	}
	proof := entry.CustomProof{Key: -1, Time: at}
	for i, key := range req.Keys {
		token, _ := key.(string)
		if hmac.Equal([]byte(h.signature), []byte(sum(token, h.timestamp, h.nonce, box.Text))) && proof.Key < 0 {
			proof.Key = i
		}
	}
	if proof.Key < 0 {
		return entry.CustomProof{}, fault.New(reason.BadSignature, noMatch)
	}
	return proof, nil
}

const (
	block     = 16
	leastText = 44 // the characters of two blocks
)

// isCiphertext reports whether a text is canonical base64 of at least two whole blocks.
func isCiphertext(text string) bool {
	if len(text) < leastText || len(text)%4 != 0 {
		return false
	}
	signs := len(text) - len(strings.TrimRight(text, "="))
	if signs > 2 || (len(text)/4*3-signs)%block != 0 {
		return false
	}
	// The strict decoder ignores line breaks, and nothing else that is not of the alphabet.
	_, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil && !strings.ContainsAny(text, "\r\n")
}

func sum(parts ...string) string {
	slices.Sort(parts)
	h := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(h[:])
}

// Answer returns an answer in JSON that carries a ciphertext, signed under the token of the delivery that is answered.
func (m mechanism) Answer(key any, ciphertext string, at time.Time) []byte {
	token, _ := key.(string)
	nonce := rand.Text()
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	body, _ := json.Marshal(map[string]string{ // texts only: it cannot fail
		"msg_signature": sum(token, stamp, nonce, ciphertext), "encrypt": ciphertext, "timeStamp": stamp,
		"nonce": nonce,
	})
	return body
}

// Sign signs a request whose body holds the ciphertext already, for package webhooktest.
func (m mechanism) Sign(r *http.Request, _ string, body []byte, key string, at time.Time) ([]byte, error) {
	box, ok := m.opener.Find(r.Method == http.MethodGet, r.URL.RawQuery, body)
	if !ok {
		return nil, errors.New("the body holds no ciphertext")
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	if m.Milliseconds {
		stamp = strconv.FormatInt(at.UnixMilli(), 10)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	nonce := rand.Text()
	query.Set(m.Signature[0], sum(key, stamp, nonce, box.Text))
	query.Set(m.Timestamp[0], stamp)
	query.Set(nonceName, nonce)
	r.URL.RawQuery = query.Encode()
	return body, nil
}
