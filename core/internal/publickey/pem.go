package publickey

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// ParsePEM reads one plain PUBLIC KEY (RFC 7468, section 13), or returns what is wrong with the text. The problem does
// not quote the text, which may be a private key. The caller must check that the key is suitable for its algorithm.
func ParsePEM(text string) (key crypto.PublicKey, problem string) {
	// pem.Decode skips text before a block, and tries the next one where a block is malformed. Both are refused: the
	// operator would not know which key counts.
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil || !strings.HasPrefix(text, "-----BEGIN"):
		return nil, "the public key is not in PEM; copy it again, from -----BEGIN to -----END"
	case strings.TrimSpace(string(rest)) != "":
		return nil, "something follows the first PEM block; give one key, each further one as a secret of its own"
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, "this is a private key; configure the public one, and replace this one at the sender"
	case block.Type != "PUBLIC KEY" || len(block.Headers) > 0:
		return nil, "the PEM block is not a plain PUBLIC KEY; convert it: openssl pkey -pubin -outform PEM"
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, "the public key is malformed; copy all of it again"
	}
	return public, ""
}
