package keys

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/strictjson"
)

// EBay returns the source of the keys that eBay signs notifications with, for provider.EBay. fetch calls eBay's
// /commerce/notification/v1/public_key/{kid} with an application token of yours, and returns the answer, as JSON. The
// kid has letters, digits, - and _ only, and was chosen by the sender.
//
// https://developer.ebay.com/api-docs/commerce/notification/resources/public_key/methods/getPublicKey
func EBay(fetch func(ctx context.Context, kid string) ([]byte, error), o Options) (*Remote, error) {
	return lookup(fetch, func(data []byte, _ string) (crypto.PublicKey, error) { return ebayKey(data) }, o)
}

// ebayKey reads the answer of eBay's API: a key in PEM, in a line of its own or not.
func ebayKey(data []byte) (crypto.PublicKey, error) {
	answer, err := strictjson.Object(data)
	if err != nil {
		return nil, err
	}
	if algorithm, err := strictjson.Text(answer, "algorithm"); err != nil || !strings.EqualFold(algorithm, "ECDSA") {
		return nil, errors.New("it is for another algorithm than ECDSA")
	}
	text, err := strictjson.Text(answer, "key")
	if err != nil {
		return nil, err
	}
	// eBay writes the armour and the base64 in one line, which no reader of PEM takes.
	text, begun := strings.CutPrefix(strings.TrimSpace(text), "-----BEGIN PUBLIC KEY-----")
	text, ended := strings.CutSuffix(text, "-----END PUBLIC KEY-----")
	der, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if !begun || !ended || err != nil {
		return nil, errors.New("it is no public key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("it is no public key")
	}
	return accept(key)
}
