package credential

// DecodeBasic reads the word of a Basic credential.
func DecodeBasic(word string) (string, bool) {
	pair, ok := decodeBasic(nil, word)
	return string(pair), ok
}
