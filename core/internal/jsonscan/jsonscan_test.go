package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

func find(t *testing.T, doc string, pointers ...string) ([]string, error) {
	t.Helper()
	p := jsonscan.Compile(pointers...)
	out := make([][]byte, p.Len())
	err := p.Find([]byte(doc), out)
	texts := make([]string, len(out))
	for i := range out {
		texts[i], _ = jsonscan.Text(out[i])
	}
	return texts, err
}

func TestFind(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, doc, pointer, want string
		err                      error
	}{
		{"a member", `{"a":"x"}`, "/a", "x", nil},
		{"a nested member", ` { "a" : { "b" : 12 } } `, "/a/b", "12", nil},
		{"an element", `{"a":[{"b":1},{"b":2}]}`, "/a/1/b", "2", nil},
		{"an escaped name", `{"\u0061":"x"}`, "/a", "x", nil},
		{"a name with a slash", `{"a/b":"x"}`, "/a~1b", "x", nil},
		{"an escaped value", `{"a":"\u00e9\n"}`, "/a", "é\n", nil},
		{"a boolean", `{"a":true}`, "/a", "true", nil},
		{"null is absent", `{"a":null}`, "/a", "", nil},
		{"an object is no text", `{"a":{}}`, "/a", "", nil},
		{"a missing member", `{"b":1}`, "/a", "", nil},
		{"braces inside strings", `{"x":"}{\"","a":"y"}`, "/a", "y", nil},
		{"another case alone is a stranger", `{"A":"x"}`, "/a", "", nil},
		{"a member twice", `{"a":1,"a":2}`, "/a", "", jsonscan.ErrDuplicate},
		{"a member twice in two cases", `{"a":1,"A":2}`, "/a", "", jsonscan.ErrDuplicate},
		{"a member twice, once escaped", `{"a":1,"\u0061":2}`, "/a", "", jsonscan.ErrDuplicate},
		{"trailing data", `{"a":1} {}`, "/a", "", jsonscan.ErrMalformed},
		{"a trailing comma", `{"a":1,}`, "/a", "", jsonscan.ErrMalformed},
		{"no end", `{"a":[1`, "/a", "", jsonscan.ErrMalformed},
		{"mismatched brackets", `{"x":[}],"a":1}`, "/a", "", jsonscan.ErrMalformed},
		{"nothing", ``, "/a", "", jsonscan.ErrMalformed},
		{"too deep", strings.Repeat(`[`, 500) + strings.Repeat(`]`, 500), "/a", "", jsonscan.ErrTooDeep},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := find(t, row.doc, row.pointer)
			require.ErrorIs(t, err, row.err)
			if row.err == nil {
				require.Equal(t, row.want, got[0])
			}
		})
	}
}

// FuzzFind: for every document that encoding/json accepts, a value found is the one encoding/json finds.
func FuzzFind(f *testing.F) {
	for _, doc := range []string{`{"id":"x","data":{"object":{"id":1}}}`, `[]`, `{"id":"\ud800"}`, `{"id":1e5}`, `{"\u0069d":"y"}`, "{\"id\":\"\xff\"}"} {
		f.Add([]byte(doc))
	}
	paths := jsonscan.Compile("/id", "/data/object/id")
	f.Fuzz(func(t *testing.T, doc []byte) {
		out := make([][]byte, 2)
		if paths.Find(doc, out) != nil || !json.Valid(doc) {
			return
		}
		var want struct {
			ID   json.RawMessage
			Data struct{ Object struct{ ID json.RawMessage } }
		}
		if json.Unmarshal(doc, &want) != nil {
			return
		}
		if out[0] != nil && !bytes.Equal(out[0], want.ID) {
			t.Fatalf("id: %s, encoding/json finds %s", out[0], want.ID)
		}
		text, ok := jsonscan.Text(out[0])
		var s string
		if ok && out[0][0] == '"' && (json.Unmarshal(want.ID, &s) != nil || s != text) {
			t.Fatalf("text %q, encoding/json %q", text, s)
		}
		if out[1] != nil && !bytes.Equal(out[1], want.Data.Object.ID) {
			t.Fatalf("data: %s, encoding/json finds %s", out[1], want.Data.Object.ID)
		}
	})
}
