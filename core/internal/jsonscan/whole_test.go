package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

func texts() []string {
	texts := []string{
		`{}`, ` [ ] `, `[1,"a",{"b":[null,true,false]}]`, `{"a":{"b":[{}]}}`, `"x"`, `1`, `-0.5e+10`, `null`,
		`"\u00e9\n\"\\\/\b\f\r\t"`, "\"\xff\"", ``, ` `, `{`, `[`, `}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[,1]`,
		`[1 2]`, `{"a":1 "b":2}`, `{"a":1}{}`, `{"a":1} x`, `{a:1}`, `{'a':1}`, `01`, `1.`, `.5`, `-`, `1e`, `1e+`,
		`+1`,
		`1x`, `tru`, `truex`, `nulll`, `"\x"`, `"\u00"`, `"\u00zz"`, `"\`, `"\"`, "\"\x01\"", "\ufeff{}", `[}`, `{]`,
		`[{]}`,
		`{"a":[}]}`, `{"a":"{\"b\":1}"}`, `{\"b\":1}"}`, `{"b":1}"}`, `{"a":1}}`, `[[1]`, "{\"a\":1}\n",
		"{\"a\"\t:\r1}",
		`0`, `-1`, `00`, `-01`, `0.0`, `0e0`, `1E5`, `1e5.5`, `--1`, `Infinity`, `NaN`, `0x10`, "[1\v]", "\u00a01",
		`{"":1}`,
		`{"a":1,"a":2}`, `{"a",1}`, `{1:1}`, `[1:1]`, "[1]\x00",
	}
	for _, depth := range []int{1, 63, 64, 65, 128, 129, 500, 9_999} {
		open, closed := strings.Repeat("[", depth), strings.Repeat("]", depth-1)
		texts = append(texts, open+closed, open+closed+"]", open+closed+"}",
			strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth),
			strings.Repeat(`[{"a":`, depth/2)+"1"+strings.Repeat("}]", depth/2))
	}
	return texts
}

func TestAWholeTextIsWhatEncodingJSONCallsValid(t *testing.T) {
	t.Parallel()
	for _, text := range texts() {
		require.Equal(t, json.Valid([]byte(text)), jsonscan.Whole([]byte(text)), "%.100q", text)
	}
	require.False(t, jsonscan.Whole([]byte(strings.Repeat("[", 1<<20))), "the nesting has an end")
}

// Whoever cuts the beginning off a body, and moves it into a URL signed in front of it, leaves no whole text.
func TestNoEndOfATextThatBeginsWithABracketIsWhole(t *testing.T) {
	t.Parallel()
	for _, text := range texts() {
		text = strings.TrimLeft(text, " ")
		if !json.Valid([]byte(text)) || text[0] != '{' && text[0] != '[' || len(text) > 5000 {
			continue
		}
		for i := 1; i < len(text); i++ {
			if text[i] == '{' || text[i] == '[' {
				require.False(t, jsonscan.Whole([]byte(text[i:])), "%.100q of %.100q", text[i:], text)
			}
		}
	}
}

func TestLookingAtAWholeTextAllocatesNothing(t *testing.T) {
	text := []byte(strings.Repeat("[", 5000) + `{"\u0061":"\u0062"}` + strings.Repeat("]", 5000))
	require.Zero(t, testing.AllocsPerRun(10, func() { jsonscan.Whole(text) }))
}

// FuzzWhole: a text is whole where encoding/json calls it valid.
func FuzzWhole(f *testing.F) {
	for _, text := range texts() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if json.Valid(text) != jsonscan.Whole(text) {
			t.Fatalf("%q: encoding/json says %v", text, json.Valid(text))
		}
	})
}
