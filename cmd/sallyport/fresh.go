package main

import (
	"crypto/rand"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// fresh returns the event with an id that no other has, of the form of the one that it has. Without an id in its
// body or its headers it stays as it was.
func (s *sender) fresh(sample webhooktest.Sample) webhooktest.Sample {
	e, err := entry.Of(s.provider)
	if err != nil || e == nil {
		return sample
	}
	form := strings.HasPrefix(sample.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
	for _, v := range e.Event.ID {
		path, isJSON := strings.CutPrefix(v.JSON, "/")
		var body []byte
		switch {
		case v.Header != "" && sample.Header.Get(v.Header) != "":
			sample.Header = sample.Header.Clone()
			sample.Header.Set(v.Header, freshText(sample.Header.Get(v.Header)))
			return sample
		case form && v.Form != "":
			body = freshForm(sample.Body, v.Form)
		case v.Envelope != "":
			body = freshJSON(sample.Body, strings.Split(strings.TrimPrefix(v.Envelope, "/"), "/"))
		case !form && isJSON:
			body = freshJSON(sample.Body, strings.Split(path, "/"))
		}
		if body != nil {
			sample.Body = body
			return sample
		}
	}
	return sample
}

// freshForm returns a form with another value of a field; nil: it has none.
func freshForm(body []byte, name string) []byte {
	values, err := url.ParseQuery(string(body))
	if err != nil || values.Get(name) == "" {
		return nil
	}
	values.Set(name, freshText(values.Get(name)))
	return []byte(values.Encode())
}

// freshJSON returns a body with another value at a path; nil: there is no text and no number.
func freshJSON(body []byte, path []string) []byte {
	var root any
	if decoder(body).Decode(&root) != nil {
		return nil
	}
	at := root
	for _, name := range path {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[name]
	}
	var value any
	switch v := at.(type) {
	case string:
		value = freshText(v)
	case json.Number:
		value = json.Number(freshText(v.String()))
	default:
		return nil
	}
	if put(&root, path, value) != nil {
		return nil
	}
	made, err := json.Marshal(root)
	if err != nil {
		return nil
	}
	return made
}

// freshText returns another text of the same form: digits stay digits, letters of hexadecimal numbers stay such
// letters, and a word stays, with digits behind it where it has few. A sender's ids have a form that its guard may
// check.
func freshText(text string) string {
	const hexadecimal = "abcdef"
	letters := strings.ToLower(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, text))
	isHex := strings.Trim(letters, hexadecimal) == ""
	var b strings.Builder
	varied := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			least := 0
			if b.Len() == 0 {
				least = 1 // a number does not begin with zero
			}
			b.WriteByte(byte('0' + least + below(10-least)))
			varied++
		case isHex && strings.ContainsRune(hexadecimal, r):
			b.WriteByte(hexadecimal[below(6)])
			varied++
		case isHex && strings.ContainsRune(hexadecimal, r+'a'-'A'):
			b.WriteByte("ABCDEF"[below(6)])
			varied++
		default:
			b.WriteRune(r)
		}
	}
	for ; letters != "" && varied < 12; varied++ {
		b.WriteByte(byte('0' + below(10)))
	}
	return b.String()
}

// below returns a random number from 0 to n-1.
func below(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0 // never: crypto/rand ends the program instead
	}
	return int(v.Int64())
}
