package signature_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// TestASeparatedFormHasOneDivision: of all forms that have one signed text, one is let in at most.
func TestASeparatedFormHasOneDivision(t *testing.T) {
	t.Parallel()
	encode := func(fields ...string) string {
		form := url.Values{}
		for i := 0; i < len(fields); i += 2 {
			form.Add(fields[i], fields[i+1])
		}
		return form.Encode()
	}
	for _, row := range []struct {
		name, body, want string // want is empty: refused
	}{
		{"two fields", encode("a", "1", "b", "2"), "a=1&b=2"},
		{"the second in the first", encode("a", "1&b=2"), ""},
		{"a value with a name before its own", encode("b", "1&a=2"), "b=1&a=2"},
		{"a value with its own name", encode("b", "1&b=2"), "b=1&b=2"},
		{"a field between two, out of order for both", encode("a", "1", "c", "2&b=3"), "a=1&c=2&b=3"},
		{"the same text, divided where the order holds", encode("a", "1&c=2", "b", "3"), ""},
		{"a value with an ampersand and no equals sign", encode("a", "x&y"), "a=x&y"},
		{"a value with two ampersands before one equals sign", encode("a", "x&y&z=1"), ""},
		{"an equals sign in a value", encode("a", "x=y"), "a=x=y"},
		{"an equals sign in a name", encode("a=b", "1"), ""},
		{"an ampersand in a name", encode("a&b", "1"), ""},
		{"an empty name", "=1", ""},
		{"an empty value", encode("a", "", "b", ""), "a=&b="},
		{"a field twice", "a=1&a=2", ""},
		{"a field that is not signed", encode("a", "1", "sign", "x"), "a=1"},
		{"a value with a field that is not signed", encode("a", "1&sign=x"), "a=1&sign=x"},
		{"nothing", "sign=x", ""},
	} {
		text, ok := signature.SeparatedForm([]byte(row.body), "sign")
		require.Equal(t, row.want, text, row.name)
		require.Equal(t, row.want != "" || row.name == "nothing", ok, row.name)
	}
}

// TestASeparatedFormIsReadInOnePass: nothing of it is proved yet, so that its work must not grow with its square.
func TestASeparatedFormIsReadInOnePass(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	for _, value := range []string{"%26", "%26b", "%3D", "%26A%3D"} {
		began := time.Now()
		signature.SeparatedForm([]byte("a="+strings.Repeat(value, size/len(value))), "sign")
		require.Less(t, time.Since(began), 5*time.Second, value) // milliseconds; minutes with the square
	}
}

// FuzzSeparatedForm: a text that is let in is let in for one form alone. Every other division of it is refused, or is
// another text.
func FuzzSeparatedForm(f *testing.F) {
	f.Add("a=1&c=2&b=3")
	f.Add("subject=a+b&c=d&total=1")
	f.Fuzz(func(t *testing.T, text string) {
		at := []int{}
		for i := range len(text) {
			if text[i] == '&' {
				at = append(at, i)
			}
		}
		if len(at) > 8 || text == "" {
			return
		}
		forms := map[string]bool{}
		for division := range 1 << len(at) {
			form, names, begin, ok := url.Values{}, 0, 0, true
			field := func(end int) {
				name, value, is := strings.Cut(text[begin:end], "=")
				ok = ok && is
				form.Add(name, value)
				names++
			}
			for i, end := range at {
				if division>>i&1 == 1 {
					field(end)
					begin = end + 1
				}
			}
			field(len(text))
			if !ok || names != len(form) {
				continue
			}
			if signed, ok := signature.SeparatedForm([]byte(form.Encode())); ok && signed == text {
				forms[form.Encode()] = true
			}
		}
		if len(forms) > 1 {
			t.Fatalf("%q is the text of %v", text, forms)
		}
	})
}

// FuzzTextOf: a body has one text as JSON, which says the body and nothing else.
func FuzzTextOf(f *testing.F) {
	f.Add([]byte("{\"a\":\"\\u00e9 \u2028\x7f\x00\x1f\b\f\n\r\t<>&/\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) {
			return
		}
		text := signature.TextOf(body)
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != string(body) {
			t.Fatalf("%q: %v, %q", text, err, back)
		}
	})
}

// TestTextsAreJavaScripts: what encoding/json escapes and JavaScript does not.
func TestTextsAreJavaScripts(t *testing.T) {
	t.Parallel()
	body := "\"\\\b\f\n\r\t\x00\x1f\x7f<>&/\u00e9\u2028\U0001F600"
	require.Equal(t, `"\"\\\b\f\n\r\t\u0000\u001f`+"\x7f<>&/\u00e9\u2028\U0001F600"+`"`,
		string(signature.TextOf([]byte(body))))
	require.Equal(t, `""`, string(signature.TextOf(nil)))
}

// TestNoBodyIsAQuery: a body that JSON could be has a character that no query has.
func TestNoBodyIsAQuery(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `[1]`, `""`, `{"a":1}`, "a=1\n", "a b", "\x00", "\u00e9"} {
		require.False(t, signature.IsQuery(body), body)
	}
	for _, query := range []string{"", "a=1&b=%7B%22", "a+b=c%20d", "x", "1"} {
		require.True(t, signature.IsQuery(query), query)
	}
}
