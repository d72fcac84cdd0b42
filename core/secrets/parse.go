package secrets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// parseSecretFile reads a list of secrets. data must not be blank. Its errors name the file and the line, and never
// quote
// the content: they go to logs.
func parseSecretFile(path, name string, data []byte) ([]Secret, error) {
	fail := func(format string, args ...any) ([]Secret, error) {
		return nil, fmt.Errorf("the file %s: %s", path, fmt.Sprintf(format, args...))
	}
	// Fails closed: an editor that adds a mark or saves as UTF-16 changes the first secret, or all of them. The only
	// sign of it would be that deliveries are refused.
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")), bytes.HasPrefix(data, []byte("\xff\xfe")),
		bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fail("it begins with a byte order mark; save it as plain text")
	case bytes.IndexByte(data, 0) >= 0:
		return fail("it holds a zero byte; save it as plain text")
	}
	var secrets []Secret
	var problem string
	if bytes.TrimSpace(data)[0] == '[' {
		secrets, problem = secretsOfJSON(data)
	} else {
		secrets, problem = secretsOfLines(string(data))
	}
	switch {
	case problem != "":
		return fail("%s", problem)
	case len(secrets) == 0:
		return fail("it holds no secret")
	}
	for i := range secrets {
		if s := &secrets[i]; s.label == "" {
			if s.label = name; i > 0 {
				s.label = fmt.Sprintf("%s#%d", name, i+1)
			}
		}
	}
	return secrets, nil
}

// secretsOfLines reads one secret a line, or one PEM block as one secret. Spaces around a secret are part of it: some
// providers' secrets may end with one. problem is empty where the text is well formed.
func secretsOfLines(text string) (secrets []Secret, problem string) {
	var block []string // the lines of a PEM block that has begun; nil outside of one
	begun := 0         // the line in which it began
	number := 0        // the current line, from 1
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSuffix(line, "\r")
		switch {
		case block != nil:
			block = append(block, line)
			if strings.HasPrefix(line, "-----END ") {
				secrets, block = append(secrets, New("", strings.Join(block, "\n")+"\n")), nil
			}
		case strings.HasPrefix(line, "-----BEGIN "):
			block, begun = []string{line}, number
		case strings.TrimSpace(line) == "", line == "#", strings.HasPrefix(line, "# "):
		case line[0] == '#':
			// Fails closed: "#old-secret" would otherwise stay accepted although somebody meant to disable it.
			return nil, fmt.Sprintf("line %d begins with #: write \"# \" to begin a comment; if it is a secret, write "+
				"the file as a list in JSON", number)
		default:
			secrets = append(secrets, New("", line))
		}
	}
	if block != nil {
		return nil, fmt.Sprintf("the PEM block that begins in line %d has no END line", begun)
	}
	return secrets, ""
}

// secretsOfJSON reads a list of strings and objects. It is strict, which fails closed: with a misspelt "not_after" a
// secret would never expire.
func secretsOfJSON(data []byte) (secrets []Secret, problem string) {
	const shape = `it is not a list in JSON of strings, ` +
		`or of objects with "value", "label", "not_before" and "not_after"`
	// Go's decoder replaces invalid bytes silently, which would make another secret of it.
	if !utf8.Valid(data) {
		return nil, "it is not valid UTF-8"
	}
	var items []json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(data))
	if dec.Decode(&items) != nil { // the decoder's error is dropped: it may quote a secret
		return nil, shape
	}
	if _, err := dec.Token(); err != io.EOF { // documented to be exactly io.EOF at the end
		return nil, "something follows the list"
	}
	for i, item := range items {
		s, problem := secretOfJSON(item)
		if problem != "" {
			return nil, fmt.Sprintf("item %d: %s", i+1, problem)
		}
		secrets = append(secrets, s)
	}
	return secrets, ""
}

// secretOfJSON reads one item of the list. It reads token by token, because Unmarshal accepts a member that comes twice
// and ignores the case of names.
func secretOfJSON(item []byte) (s Secret, problem string) {
	dec := json.NewDecoder(bytes.NewReader(item))
	token, err := dec.Token()
	if err != nil {
		return s, "it is malformed"
	}
	if text, ok := token.(string); ok {
		return New("", text), ""
	}
	if token != json.Delim('{') {
		return s, "it is neither a string nor an object"
	}
	var value, label string
	found := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return s, "it is malformed"
		}
		name, _ := key.(string)
		token, err := dec.Token()
		text, isText := token.(string)
		switch name {
		case "value", "label", "not_before", "not_after":
		default:
			return s, `it has a member other than "value", "label", "not_before" and "not_after"`
		}
		if err != nil || !isText {
			return s, fmt.Sprintf("%q is not a string", name)
		}
		if found[name] {
			return s, fmt.Sprintf("%q comes twice", name)
		}
		found[name] = true
		var at time.Time
		if strings.HasPrefix(name, "not_") {
			// The zero time means "no limit", so that it must not come out of a file as a limit.
			if at, err = time.Parse(time.RFC3339, text); err != nil || at.IsZero() {
				return s, fmt.Sprintf("%q is not a time such as 2026-12-01T00:00:00Z", name)
			}
		}
		switch name {
		case "value":
			value = text
		case "label":
			label = text
		case "not_before":
			s = s.ValidFrom(at)
		case "not_after":
			s = s.ValidUntil(at)
		}
	}
	if !found["value"] {
		return s, `"value" is missing`
	}
	return New(label, value).ValidFrom(s.notBefore).ValidUntil(s.notAfter), ""
}
