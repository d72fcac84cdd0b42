package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/strictjson"
)

// documents are what readers differ about, and what they do not.
func documents() []string {
	list := []string{
		``, ` `, `{}`, ` { } `, `{"a":1}`, `{"a":1,"b":[1,2,{"c":null}]}`, `{"a":"x\ny"}`, `{"\u0061":1}`, `[]`, `null`,
		`"a"`, `1`, `{`, `}`, `{"a"}`,
		`{"a":}`, `{"a":1,}`, `{,"a":1}`, `{"a":1 "b":2}`, `{"a":1}{}`, `{"a":1} x`, `{a:1}`, `{'a':1}`, `{"a":01}`,
		`{"a":1.}`, `{"a":.5}`, `{"a":-}`,
		`{"a":-0}`, `{"a":1e5,"b":1E-5,"c":1e+5,"d":1e}`, `{"a":1e5}`, `{"a":0.10E+05}`, `{"a":+1}`, `{"a":1x}`,
		`{"a":tru}`, `{"a":true,"b":false,"c":null}`, `{"a":truex}`,
		`{"a":"\x"}`, `{"a":"\u00"}`, `{"a":"\u00zz"}`, `{"a":"\ud800"}`, `{"\ud800":1,"\udfff":1}`, "{\"a\":\"\x01\"}",
		"{\"a\":\"\xff\"}", "{\"\xff\":1}", "\ufeff{}",
		`{"a":1,"a":2}`, `{"a":1,"A":2}`, `{"a":1,"\u0041":2}`, `{"x":{"a":1,"A":2}}`, `{"x":[{"a":1,"a":2}]}`,
		`{"a":{"a":1},"b":{"a":1}}`, `{"k":1,"K":2}`, `{"s":1,"ſ":2}`, `{"ß":1,"ẞ":2}`,
		`{"é":1,"É":2}`, `{"é":1,"É":2}`, `{"":1}`, `{"":1,"":2}`, `{"i":1,"ı":2}`, `{"I":1,"İ":2}`, `{"a":[1,]}`,
		`{"a":[,1]}`, `{"a":[1 2]}`, `{"a":[}`, `{"a":"`, `{"a":"\`, `{"a":"\"}`,
		"{\v}", "\u00a0{}", `{"a":1,"b":2}//`, `{"a":nul`, `{"a":-1.5e-10}`, `{"a":""}`, "{\"a\":\"\u2028\"}",
		"{\"a\x00\":1}", `{"a\u0000":1,"a":2}`,
	}
	for _, number := range []string{"1e308", "1e309", "-1e309", "1e-400", "0e999", "1E+99999", strings.Repeat("9", 308),
		strings.Repeat("9", 309), strings.Repeat("9", 310), "0." + strings.Repeat("9", 400)} {
		list = append(list, `{"a":`+number+`}`, `{"a":[`+number+`]}`)
	}
	for _, depth := range []int{6, 7, 8, 9, 200} {
		list = append(list, `{"a":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`,
			strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth))
	}
	for _, n := range []int{15, 16, 17, 18, 500} {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"Name%d":%d`, i, i))
		}
		list = append(list, "{"+strings.Join(members, ",")+"}", "{"+strings.Join(members, ",")+`,"nAME0":1}`, "{"+
			strings.Join(members, ",")+fmt.Sprintf(`,"nAME%d":1}`, n-1))
	}
	return list
}

// object reads a document with encoding/json, which shares no code with Members.
func object(data []byte) (members map[string]json.RawMessage, err error) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, errors.New("not JSON")
	}
	if err := checkValue(json.NewDecoder(bytes.NewReader(data)), 0); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, errors.New("not an object")
	}
	return members, nil
}

// checkValue checks one value of a document that is valid JSON. The Decoder reads token by token, and reports names
// that come twice one by one.
func checkValue(d *json.Decoder, depth int) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := tok.(json.Delim)
	if !ok { // a string, a number, a boolean or null
		return nil
	}
	if depth >= 8 { // fails closed, and bounds the recursion
		return errors.New("too deep")
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' { // a name comes before each value
			tok, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := tok.(string)
			text := strings.ToLower(strings.ToUpper(name))
			if seen[text] {
				return errors.New("twice")
			}
			seen[text] = true
		}
		if err := checkValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing one
	return err
}

// agree holds Members to what the readers of encoding/json say of the same document.
func agree(t *testing.T, text string) {
	t.Helper()
	type member struct{ name, value string }
	var got []member
	err := strictjson.Members([]byte(text),
		func(name, value []byte) { got = append(got, member{string(name), string(value)}) })
	want, expected := object([]byte(text))
	require.Equal(t, expected == nil, err == nil, "%.200q: %v, %v", text, expected, err)
	if err != nil {
		return
	}
	require.Len(t, got, len(want), "%.200q", text)
	for _, m := range got {
		value, ok := want[m.name]
		require.True(t, ok, "%.200q", text)
		require.Equal(t, string(value), m.value, "%.200q", text)
		var s string
		s1, ok := strictjson.String([]byte(m.value))
		require.Equal(t, m.value[0] == '"', ok)
		if ok {
			require.NoError(t, json.Unmarshal(value, &s))
			require.Equal(t, s, string(s1))
		}
	}
}

func TestOnePassSaysWhatSeveralSay(t *testing.T) {
	t.Parallel()
	for _, text := range documents() {
		agree(t, text)
	}
}

func TestMembersComeInTheirOrder(t *testing.T) {
	t.Parallel()
	var got []string
	require.NoError(t, strictjson.Members([]byte(` { "b" : [ 1 , 2 ] , "a":"x" } `),
		func(name, value []byte) { got = append(got, string(name)+"="+string(value)) }))
	require.Equal(t, []string{"b=[ 1 , 2 ]", `a="x"`}, got)
}

func TestWhatIsRefusedIsSaid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[]`: "not a JSON object", `{"a":1,"A":1}`: "twice", "{\"a\":\"\xff\"}": "UTF-8", `{"a":}`: "well-formed",
		`{"a":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}`: "deeply",
	} {
		require.ErrorContains(t, strictjson.Members([]byte(text), func(_, _ []byte) {}), want)
	}
}

func TestReadingATokensMembersAllocatesNothing(t *testing.T) {
	text := []byte(`{"aud":"https://example.com/hooks","azp":"1","email":"a@example.com","sub":"1","email_verified":true,"exp":1,"iat":1,"iss":"https://accounts.google.com"}`)
	n := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if strictjson.Members(text, func(_, value []byte) { n += len(value) }) != nil {
			panic("refused")
		}
	}))
}

func BenchmarkMembers(b *testing.B) {
	text := []byte(`{"aud":"https://example.com/hooks","azp":"1","email":"a@example.com","sub":"1","email_verified":true,"exp":1,"iat":1,"iss":"https://accounts.google.com"}`)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		_ = strictjson.Members(text, func(_, value []byte) { n += len(value) })
	}
}

// FuzzMembers: one pass accepts and finds what encoding/json and the readers on it accept and find.
func FuzzMembers(f *testing.F) {
	for _, text := range documents() {
		f.Add(text)
	}
	f.Fuzz(agree)
}
