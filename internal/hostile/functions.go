package hostile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5" // what an attacker may try
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // what an attacker may try
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"net/url"
	"strings"
	"sync"
	"text/template"
)

// Functions are what the templates of the table may call. They share no code with what they attack.
//
//	hmac ALGORITHM KEY PARTS...    the bytes of a MAC
//	digest ALGORITHM PARTS...      the bytes of a plain hash
//	ed25519 PARTS..., ecdsa PARTS... signatures of the endpoints of those names; ecdsa1 is the latter over SHA-1
//	rsa HASH PARTS...               a signature of the endpoint sns
//	jws KIND KEY HEADER CLAIMS      a JSON Web Token; a kind is sha1, sha256, sha512 (a MAC), rs256 (of the endpoint
//	                                pubsub), unknown (another such key), none or zeros
//	x5c ALGORITHM CHAIN PAYLOAD     one that brings the chain of certificates of that name, signed with ES256
//	framed MESSAGE RECEIVER LENGTH  a ciphertext of WeCom and DingTalk, in base64; a length of -1 is the message's
//	cbc SECRET TEXT, gcm NONCE ASSOCIATED TEXT  the bytes of a ciphertext of Feishu and of WeChat Pay
//	sorted PARTS...                 the parts, sorted and joined
//	bend TOKEN AT                   one with another letter there
//	graft TOKEN OTHER               one of the other's claims and this one's signature
//	other TEXT                      base64 in its other alphabet
//	stray TEXT                     base64 with bits set that its last byte leaves unused
//	hex, HEX, b64, b64url, unhex, unb64, quote (of a URL), upper, lower, chunk
//	repeat TEXT N, cut TEXT FROM TO, flip BYTES AT (one bit)
func Functions() template.FuncMap {
	all := ciphers()
	maps.Copy(all, template.FuncMap{
		"x5c": x5c,
		"hmac": func(algorithm, key string, parts ...string) string {
			h := hmac.New(hashes[algorithm], []byte(key))
			_, _ = h.Write([]byte(strings.Join(parts, "")))
			return string(h.Sum(nil))
		},
		"digest": func(algorithm string, parts ...string) string {
			h := hashes[algorithm]()
			_, _ = h.Write([]byte(strings.Join(parts, "")))
			return string(h.Sum(nil))
		},
		"ed25519": func(parts ...string) string {
			return string(ed25519.Sign(ed25519Key(), []byte(strings.Join(parts, ""))))
		},
		"ecdsa": func(parts ...string) (string, error) {
			sum := sha256.Sum256([]byte(strings.Join(parts, "")))
			sig, err := ecdsa.SignASN1(nil, ecdsaKey(), sum[:])
			return string(sig), err
		},
		"rsa": func(algorithm string, parts ...string) (string, error) {
			h := hashes[algorithm]()
			_, _ = h.Write([]byte(strings.Join(parts, "")))
			kind := crypto.SHA256
			if algorithm == "sha1" {
				kind = crypto.SHA1
			}
			sig, err := rsa.SignPKCS1v15(nil, rsaKey(), kind, h.Sum(nil))
			return string(sig), err
		},
		"jws":   jws,
		"other": strings.NewReplacer("-", "+", "_", "/").Replace,
		"bend": func(token string, at int) string {
			if at < 0 {
				at += len(token)
			}
			letter := "A"
			if token[at] == 'A' {
				letter = "B"
			}
			return token[:at] + letter + token[at+1:]
		},
		"graft": func(token, other string) string {
			return other[:strings.LastIndexByte(other, '.')] + token[strings.LastIndexByte(token, '.'):]
		},
		"stray": func(text string) string {
			const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
			bare := strings.TrimRight(text, "=")
			last := len(bare) - 1
			return bare[:last] + string(alphabet[strings.IndexByte(alphabet, bare[last])+1]) + text[last+1:]
		},
		"hex":    func(b string) string { return hex.EncodeToString([]byte(b)) },
		"HEX":    func(b string) string { return strings.ToUpper(hex.EncodeToString([]byte(b))) },
		"b64":    func(b string) string { return base64.StdEncoding.EncodeToString([]byte(b)) },
		"b64raw": func(b string) string { return base64.RawStdEncoding.EncodeToString([]byte(b)) },
		"b64url": func(b string) string { return base64.URLEncoding.EncodeToString([]byte(b)) },
		"unhex": func(text string) (string, error) {
			b, err := hex.DecodeString(text)
			return string(b), err
		},
		"quote":  url.QueryEscape,
		"upper":  strings.ToUpper,
		"lower":  strings.ToLower,
		"repeat": strings.Repeat,
		"cut": func(text string, from, to int) string {
			if to < 0 {
				to += len(text)
			}
			return text[from:to]
		},
		"flip": func(b string, at int) string {
			if at < 0 {
				at += len(b)
			}
			out := []byte(b)
			out[at] ^= 1
			return string(out)
		},
		"chunk": func(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) },
	})
	return all
}

var hashes = map[string]func() hash.Hash{ //lint:immutable read only
	"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
}

func ed25519Key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("the seed of a key pair of a test"))
}

func ecdsaKey() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte("the scalar of a key of the tests"))
	if err != nil {
		panic(err) // the text above is a scalar
	}
	return key
}

// rsaKey and unknownKey are keys of this process: nobody can make one of a text.
var (
	rsaKey     = sync.OnceValue(newRSAKey) //lint:immutable made once
	unknownKey = sync.OnceValue(newRSAKey) //lint:immutable made once
)

func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // it never is
	}
	return key
}

// jws makes a token by the formula of RFC 7515.
func jws(kind, key, header, claims string) (string, error) {
	url := base64.RawURLEncoding
	input := url.EncodeToString([]byte(header)) + "." + url.EncodeToString([]byte(claims))
	var signature []byte
	var err error
	switch kind {
	case "none":
	case "zeros":
		signature = make([]byte, 64)
	case "rs256", "unknown":
		private := rsaKey()
		if kind == "unknown" {
			private = unknownKey()
		}
		sum := sha256.Sum256([]byte(input))
		signature, err = rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
	default:
		h := hmac.New(hashes[kind], []byte(key))
		_, _ = h.Write([]byte(input))
		signature = h.Sum(nil)
	}
	return input + "." + url.EncodeToString(signature), err
}
