package entry

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// DecodeKey decodes a key. Its errors do not quote the input.
func DecodeKey(enc Encoding, text string) ([]byte, error) {
	fail := func(key []byte, err error, what string) ([]byte, error) {
		if err != nil {
			return nil, fmt.Errorf("it is not %s; copy it again, whole", what)
		}
		return key, nil
	}
	if strings.ContainsAny(text, "\r\n") && enc != Text {
		return nil, fmt.Errorf("it holds a line break")
	}
	switch enc {
	case Text:
		return []byte(text), nil
	case Hex:
		key, err := hex.DecodeString(text)
		return fail(key, err, "hexadecimal")
	case Base64, Base64Raw, Base64Any:
		key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		return fail(key, err, "base64")
	case Base64URL, Base64URLRaw:
		key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
		return fail(key, err, "URL-safe base64")
	default:
		return nil, fmt.Errorf("the provider's entry names an unknown encoding")
	}
}
