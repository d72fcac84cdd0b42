// Package compare breaks the rule about comparisons in every way it can be broken. Nothing builds it.
package compare

import (
	"bytes"
	eq "bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

type Digest [32]byte

type Reason string

const ReasonBadSignature Reason = "bad_signature"

type presented struct {
	signature []byte
	timestamp string
	size      int
}

type header struct{ Name, Prefix, Value string }

type request struct {
	Token     string
	Signature header
}

func operators(secret, other string, sum, want [32]byte, d, e Digest, p, q *presented) bool {
	return secret == other || // want "secret is compared by =="
		other != secret || // want "secret is compared by !="
		secret < other || // want "secret is compared by <"
		sum == want || // want "sum is compared by =="
		d == e || // want "a Digest is compared by =="
		other == "v1="+secret || // want "secret is compared by =="
		(other) == (secret) || // want "secret is compared by =="
		secret == "changeme" || // want "secret is compared by =="
		p.timestamp == other || // want "a presented.timestamp is compared by =="
		p == q
}

func functions(mac, other []byte, token, text string, tokens, texts []string) {
	_ = bytes.Equal(mac, other)                                  // want "mac is compared by bytes.Equal"
	_ = bytes.Equal(other, mac[:16])                             // want "mac is compared by bytes.Equal"
	_ = eq.Compare(other, mac)                                   // want "mac is compared by bytes.Compare"
	_ = strings.EqualFold(hex.EncodeToString(mac), text)         // want "mac is compared by strings.EqualFold"
	_ = strings.Compare(text, token)                             // want "token is compared by strings.Compare"
	_ = slices.Equal(mac, other)                                 // want "mac is compared by slices.Equal"
	_ = slices.Equal[[]byte](mac, other)                         // want "mac is compared by slices.Equal"
	_ = slices.Contains(tokens, text)                            // want "tokens is compared by slices.Contains"
	_ = slices.Contains(texts, token)                            // want "token is compared by slices.Contains"
	_ = reflect.DeepEqual(mac, other)                            // want "mac is compared by reflect.DeepEqual"
	_ = reflect.DeepEqual(&mac, &other)                          // want "mac is compared by reflect.DeepEqual"
	_ = strings.HasPrefix(token, text)                           // want "token is compared by strings.HasPrefix"
	_ = strings.HasSuffix(text, token)                           // want "token is compared by strings.HasSuffix"
	_ = strings.Contains(text, token)                            // want "token is compared by strings.Contains"
	_, _ = strings.CutPrefix(text, token)                        // want "token is compared by strings.CutPrefix"
	_ = strings.TrimSpace(token) == text                         // want "token is compared by =="
	_ = string(mac) == text                                      // want "mac is compared by =="
	_ = reflect.DeepEqual(map[string]bool{}[token], true)        // want "token is compared by a map lookup"
	_ = bytes.Equal(other, hmac.New(sha256.New, other).Sum(nil)) // want "Sum\(\) is compared by bytes.Equal"
	_ = sha256.Sum256(other) == sha256.Sum256(mac)               // want "Sum256.* is compared by =="
	_ = bytes.Equal(other, computeSignature(other))              // want "computeSignature\(\) is compared by bytes.Equal"
	_ = reflect.DeepEqual([][]byte{mac}, [][]byte{other}) && len(mac) > 0
}

func values(mac, other []byte, lists [][]byte) bool {
	same := bytes.Equal                                    // want "bytes.Equal is used as a value"
	if same(mac, other) || (bytes.HasPrefix)(other, nil) { // calling it is no value
		return true
	}
	return slices.EqualFunc(lists, lists, bytes.Equal) // want "bytes.Equal is used as a value"
}

func computeSignature(b []byte) []byte { return b }

func requests(r *http.Request, req request, configured string) bool {
	if r.Header.Get("X-Hub-Signature") == configured { // want "\"X-Hub-Signature\" is compared by =="
		return true
	}
	if r.Header["X-Gitlab-Token"][0] == configured { // want "\"X-Gitlab-Token\" is compared by =="
		return true
	}
	if r.URL.Query().Get("token") == configured { // want "\"token\" is compared by =="
		return true
	}
	return req.Token == configured || // want "Token is compared by =="
		req.Signature.Value == configured // want "Signature.Value is compared by =="
}

func byteByByte(mac, other []byte) bool {
	for i := range mac {
		if mac[i] != other[i] { // want "mac is compared by !="
			return false
		}
	}
	return true
}

func switches(signature, text string) int {
	switch signature { // want "signature is compared by switch"
	case "":
		return 0
	case text:
		return 1
	}
	switch text {
	case signature: // want "signature is compared by switch"
		return 2
	}
	switch {
	case text == signature: // want "signature is compared by =="
		return 3
	}
	switch signature { //lint:notsecret only its first word is in there
	case "v1", "v2":
		return 4
	}
	switch text { //lint:notsecret for all cases of this switch
	case signature:
		return 5
	}
	switch signature {
	case "":
		return 5
	}
	return 6
}

func generic[T ~string | ~[]byte](secret, other T) bool {
	return string(secret) == string(other) // want "secret is compared by =="
}

func genericDirectly[T ~string](secret, other T) bool {
	return secret == other // want "secret is compared by =="
}

func anything(expected, got any) bool {
	return expected == got // want "expected is compared by =="
}

func directives(signature, version string) bool {
	if signature == version { //lint:notsecret it is the name of a version
		return true
	}
	//lint:notsecret it is the name of a version
	if signature == version {
		return true
	}
	_ = version               //lint:notsecret this speaks for its own line only
	if signature == version { // want "signature is compared by =="
		return true
	}
	if signature == version { /* want "signature is compared by ==" "//lint:notsecret needs a reason" */ //lint:notsecret
		return true
	}
	//lint:immutable the wrong directive excuses nothing
	if signature == version { // want "signature is compared by =="
		return true
	}
	/* want "unknown directive //lint:notasecret" */ //lint:notasecret a slip of the pen
	return signature == "" || subtle.ConstantTimeCompare([]byte(signature), []byte(version)) == 1
}
