package publickey

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// ParsePEM reads one plain PUBLIC KEY, or says what is wrong with the text in words that do not hold it. Whether the
// key is fit for its algorithm is the caller's to judge.
func ParsePEM(text string) (key crypto.PublicKey, problem string) {
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil || !strings.HasPrefix(text, "-----BEGIN"):
		return nil, "the public key is not in PEM; copy it again, from -----BEGIN to -----END"
	case strings.TrimSpace(string(rest)) != "":
		return nil, "something follows the first PEM block; give one key, each further one as a secret of its own"
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, "this is a private key; configure the public one, and replace this one at the sender"
	case block.Type != "PUBLIC KEY" || len(block.Headers) > 0:
		return nil, "the PEM block is no plain PUBLIC KEY; convert it: openssl pkey -pubin -outform PEM"
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, "the public key is malformed; copy it again, whole"
	}
	return public, ""
}
