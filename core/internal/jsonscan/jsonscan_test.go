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
		{"deep", `{"x":` + deep(127) + `,"a":"y"}`, "/a", "y", nil},
		{"too deep", `{"x":` + deep(128) + `,"a":"y"}`, "/a", "", jsonscan.ErrTooDeep},
		{"another case, of letters outside of ASCII", `{"key":1,"\u212aey":2}`, "/key", "", jsonscan.ErrDuplicate},
		{"another case, of letters outside of ASCII, as they are", `{"key":1,"` + "\u212a" + `EY":2}`, "/key", "",
			jsonscan.ErrDuplicate},
		{"another case twice", `{"KEY":1,"Key":2}`, "/key", "", jsonscan.ErrDuplicate},
		{"a wanted name that is not ASCII, in another case", `{"É":1,"é":2}`, "/é", "", jsonscan.ErrDuplicate},
		{"a longer name", `{"keys":1,"key":2}`, "/key", "2", nil},
		{"a byte order mark", "\ufeff" + `{"a":"x"}`, "/a", "", jsonscan.ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := find(t, row.doc, row.pointer)
			require.ErrorIs(t, err, row.err)
			if row.err == nil {
				require.Equal(t, row.want, got[0])
			}
			decided := make([][]byte, 1)
			err = jsonscan.Compile(row.pointer).Decide([]byte(row.doc), decided)
			if row.name == "too deep" || row.name == "a byte order mark" { // no bound loses a proved document
				require.NoError(t, err)
				require.NotEmpty(t, decided[0])
				return
			}
			require.ErrorIs(t, err, row.err)
		})
	}
}

func deep(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }

// read is find with the lenient reader. A value that comes twice is "twice".
func read(t *testing.T, doc string, pointers ...string) ([]string, error) {
	t.Helper()
	p := jsonscan.Compile(pointers...)
	out := make([][]byte, p.Len())
	err := p.Read([]byte(doc), out)
	texts := make([]string, len(out))
	for i := range out {
		texts[i], _ = jsonscan.Text(out[i])
		if jsonscan.Twice(out[i]) {
			texts[i] = "twice"
		}
	}
	return texts, err
}

func TestReadKeepsEveryOtherValue(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, doc string
		want      [3]string // of /a, /b/c and /b/d/0
		err       error
	}{
		{"all", `{"a":1,"b":{"c":2,"d":[3]}}`, [3]string{"1", "2", "3"}, nil},
		{"others in another case", `{"A":1,"a":1,"A":0,"B":{"c":0},"b":{"C":0,"c":2,"D":[],"d":[3]}}`,
			[3]string{"1", "2", "3"}, nil},
		{"one twice", `{"a":1,"b":{"c":2,"d":[3]},"a":1}`, [3]string{"twice", "2", "3"}, nil},
		{"one three times", `{"a":1,"a":1,"b":{"c":2,"d":[3]},"a":1}`, [3]string{"twice", "2", "3"}, nil},
		{"one twice below", `{"a":1,"b":{"c":2,"c":2,"d":[3]}}`, [3]string{"1", "twice", "3"}, nil},
		{"a parent twice", `{"a":1,"b":{"c":2,"d":[3]},"b":{}}`, [3]string{"1", "twice", "twice"}, nil},
		{"a parent twice, which is nothing at first", `{"b":null,"a":1,"\u0062":{"c":2,"d":[3]}}`,
			[3]string{"1", "twice", "twice"}, nil},
		{"nesting beside", `{"x":` + deep(200_000) + `,"a":1,"b":{"x":` + deep(500) + `,"c":2,"d":[3]}}`,
			[3]string{"1", "2", "3"}, nil},
		{"a byte order mark", "\ufeff" + `{"a":1}`, [3]string{"1"}, nil},
		{"not JSON", `a=1`, [3]string{}, jsonscan.ErrMalformed},
		{"cut short", `{"a":1`, [3]string{"1"}, jsonscan.ErrMalformed},
	} {
		got, err := read(t, row.doc, "/a", "/b/c", "/b/d/0")
		require.ErrorIs(t, err, row.err, row.name)
		require.Equal(t, row.want[:], got, row.name)
	}
}

func TestTheFirstKey(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`{"update_id":1,"message":{}}`: "message", `{"message":{},"update_id":1}`: "message", `{"update_id":1}`: "",
		`{}`: "", `[]`: "", ``: "",
		"\ufeff" + `{"m\u0065ssage":1}`: "message", `{"update_id":` + deep(20_000) + `,"poll":1}`: "poll",
		`{"\ud800":1}`:            "\ufffd",
		`{"update_id":[}],"a":1}`: "", `{"a"}`: "", `{"\x":1}`: "", `{"update_id":1 "a":1}`: "", `{"update_id":1,}`: "",
	} {
		got, _ := jsonscan.FirstKey([]byte(doc), "update_id", "")
		require.Equal(t, want, got, "%.60s", doc)
	}
}

func TestWhatBeginsAsJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{}`: true, " \r\n\t[": true, "\ufeff{": true, "\ufeff [": true, " \ufeff{": false, "a={": false, `"{"`: false,
		``: false, "\ufeff": false,
	} {
		require.Equal(t, want, jsonscan.Starts([]byte(text)), "%q", text)
	}
}

// What a document makes the reader allocate does not grow with it.
func TestReadingAllocatesNothing(t *testing.T) {
	p := jsonscan.Compile("/signature/signature", "/signature/token", "/id")
	out := make([][]byte, p.Len())
	for name, part := range map[string]string{
		"names with escapes": `"\u0073":1,`, "names with escapes that are nearly wanted": `"\u0073ignaturf":1,`,
		"plain names":                            `"":1,`,
		"names in another case outside of ASCII": `"` + "\u212a\u212a" + `":1,`, "long names with escapes": `"\u0073` +
			strings.Repeat("a", 500) + `":1,`,
		"texts": `"x":"\u0041\\",`, "numbers": `"x":-1.5e10,`, "nesting": `"x":` + deep(300) + `,`,
	} {
		doc := []byte(`{` + strings.Repeat(part, 2000) + `"id":"evt_1"}`)
		require.Zero(t, testing.AllocsPerRun(5, func() {
			if p.Decide(doc, out) != nil || p.Read(doc, out) != nil || out[2] == nil {
				panic("not found")
			}
		}), name)
	}
}

// exact finds the value at a pointer by encoding/json's own tokens, by exact names; twice says that a member of the way
// comes more than once.
func exact(doc []byte, names ...string) (value json.RawMessage, twice bool) {
	if len(names) == 0 {
		return doc, false
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	n := 0
	var found json.RawMessage
	for d.More() {
		name, _ := d.Token()
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return nil, false
		}
		if name == names[0] {
			n++
			found = v
		}
	}
	if n > 1 {
		return nil, true
	}
	if n == 0 {
		return nil, false
	}
	return exact(found, names[1:]...)
}

// FuzzRead: for every document that encoding/json accepts, each value is the one with that exact name, or its member or
// one above it comes twice.
func FuzzRead(f *testing.F) {
	for _, doc := range []string{
		`{"id":"x","data":{"object":{"id":1}}}`, `{"ID":"x","id":1}`, `{"id":1,"id":2}`,
		`{"\u0069d":"y","data":{"object":{}}}`, `{"data":{},"data":{"object":{"id":1}}}`,
		`{"data":{"object":{"id":"\ud83d\ude00\ud800x","ID":1}},"x":[[[{}]]]}`, "{\"id\":\"\xff\\n\"}",
		`{"d\u0061ta":{"obj\u0065ct":{"i\u0064":2,"Id":3}}}`,
	} {
		f.Add([]byte(doc))
	}
	paths := jsonscan.Compile("/id", "/data/object/id")
	f.Fuzz(func(t *testing.T, doc []byte) {
		if !json.Valid(doc) {
			return
		}
		out := make([][]byte, 2)
		require.NoError(t, paths.Read(doc, out))
		strict := make([][]byte, 2)
		refused := paths.Decide(doc, strict)
		for i, names := range [][]string{{"id"}, {"data", "object", "id"}} {
			want, twice := exact(doc, names...)
			require.Equal(t, twice, jsonscan.Twice(out[i]), "%q", doc)
			if twice {
				require.Error(t, refused)
				continue
			}
			require.Equal(t, string(want), string(out[i]), "%q", doc)
			if refused == nil {
				require.Equal(t, string(want), string(strict[i]))
			}
			if text, ok := jsonscan.Text(out[i]); ok && out[i][0] == '"' {
				var s string
				require.NoError(t, json.Unmarshal(want, &s))
				require.Equal(t, s, text)
			}
		}
	})
}

// FuzzFind: for every document that encoding/json accepts, a value found is the one encoding/json finds.
func FuzzFind(f *testing.F) {
	for _, doc := range []string{
		`{"id":"x","data":{"object":{"id":1}}}`, `[]`, `{"id":"\ud800"}`, `{"id":1e5}`, `{"\u0069d":"y"}`,
		"{\"id\":\"\xff\"}",
		"\ufeff" + `{"id":1}`, `{"\u0069\u0064":1,"Id":2}`, `{"id":"\ud83d\ude00\ud800\\\""}`, `{"x":` + deep(70) +
			`,"id":1}`,
	} {
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
