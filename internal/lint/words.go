package lint

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are what a name says when it holds something that must not be compared byte by byte. Words of two parts
// have to follow each other.
func secretWords() []string {
	return []string{
		"secret", "mac", "hmac", "sig", "signature", "digest", "token", "password", "passwd", "passphrase",
		"credential",
		"key material", "signing key", "shared key", "private key", "api key", "sum", "expected", "presented",
	}
}

// descriptorWords end a name that describes a secret and is none: secretName, sig.Prefix, tokenKind.
func descriptorWords() []string {
	return []string{
		"name", "label", "kind", "type", "prefix", "suffix", "encoding", "format", "version", "layout", "algorithm",
		"separator", "length", "size", "count", "index", "position", "field", "rules", "status", "reason", "grammar",
		"source", "err", "error",
	}
}

// isSecret says whether a name has a secret word, and does not merely describe a secret.
func isSecret(name string) bool {
	words := splitName(name)
	if len(words) == 0 || describes(name) {
		return false
	}
	text := " " + strings.Join(words, " ") + " "
	for _, w := range secretWords() {
		if strings.Contains(text, " "+w+" ") || strings.Contains(text, " "+w+"s ") {
			return true
		}
	}
	return false
}

func describes(name string) bool {
	words := splitName(name)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	return slices.Contains(descriptorWords(), last)
}

// splitName splits at the humps of camel case, and at everything that is no letter: HMACKey2 is hmac, key.
func splitName(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsLetter(r) {
			flush()
			continue
		}
		if i > 0 && unicode.IsUpper(r) {
			afterLower := unicode.IsLower(runes[i-1])
			// The last capital of a run begins the next word, except before the s of a plural: MACs, HMACs.
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && !pluralAt(runes, i+1)
			if afterLower || beforeLower {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return words
}

// pluralAt says whether the s at i ends an acronym.
func pluralAt(runes []rune, i int) bool {
	return runes[i] == 's' && i >= 2 && unicode.IsUpper(runes[i-2]) &&
		(i+1 == len(runes) || !unicode.IsLower(runes[i+1]))
}
