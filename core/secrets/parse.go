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

// parseSecretFile reads a list of secrets. Its errors name the file and the place, and nothing that stands there.
func parseSecretFile(path, name string, data []byte) ([]Secret, error) {
	fail := func(format string, args ...any) ([]Secret, error) {
		return nil, fmt.Errorf("the file %s: %s", path, fmt.Sprintf(format, args...))
	}
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

// secretsOfLines reads one secret a line.
func secretsOfLines(text string) (secrets []Secret, problem string) {
	var block []string // of PEM
	begun := 0
	number := 0
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
			return nil, fmt.Sprintf("line %d begins with #: put a space after it where it begins a remark, and write "+
				"a list in JSON where it begins a secret", number)
		default:
			secrets = append(secrets, New("", line))
		}
	}
	if block != nil {
		return nil, fmt.Sprintf("the PEM block that begins in line %d does not end", begun)
	}
	return secrets, ""
}

// secretsOfJSON reads a list of texts and objects. It is strict: a misspelt not_after would be no end at all.
func secretsOfJSON(data []byte) (secrets []Secret, problem string) {
	const shape = `it is not a list of texts, or of objects with "value", "label", "not_before" and "not_after", in JSON`
	if !utf8.Valid(data) {
		return nil, "it is not valid UTF-8"
	}
	var items []json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(data))
	if dec.Decode(&items) != nil { // whose text may quote what stands there
		return nil, shape
	}
	if _, err := dec.Token(); err != io.EOF { // documented
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
		return s, "it is neither a text nor an object"
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
			return s, fmt.Sprintf("%q is no text", name)
		}
		if found[name] {
			return s, fmt.Sprintf("%q comes twice", name)
		}
		found[name] = true
		var at time.Time
		if strings.HasPrefix(name, "not_") {
			if at, err = time.Parse(time.RFC3339, text); err != nil || at.IsZero() {
				return s, fmt.Sprintf("%q is no time such as 2026-12-01T00:00:00Z", name)
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
