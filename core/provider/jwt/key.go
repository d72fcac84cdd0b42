package jwt

import (
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
)

// publicKey reads a public key in PEM, as a user configures it.
func publicKey(alg, text string) (key any, problem string) {
	public, problem := publickey.ParsePEM(text)
	if problem != "" {
		return nil, problem
	}
	if problem := checkKey(alg, public); problem != "" {
		return nil, "the key is unfit for " + alg + ": " + problem
	}
	return public, ""
}

func list(names []string) string { return strings.Join(names, ", ") }
