package jsonscan

import (
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// skipByRules is what skip is, byte by byte.
func skipByRules(data []byte, most int) (end int, err error) {
	var open []byte
	for at := 0; at < len(data); at++ {
		switch c := data[at]; c {
		case '"':
			if at = endByByte(data, at+1) - 1; at < 0 {
				return 0, ErrMalformed
			}
		case '{', '[':
			if len(open) == most {
				return 0, ErrTooDeep
			}
			open = append(open, c+2)
		case '}', ']':
			n := len(open) - 1
			if n < maxKinds && open[n] != c {
				return 0, ErrMalformed
			}
			if open = open[:n]; n == 0 {
				return at + 1, nil
			}
		}
	}
	return 0, ErrMalformed
}

func skipsByRules(t *testing.T, data []byte) {
	t.Helper()
	if len(data) == 0 || data[0] != '{' && data[0] != '[' {
		return // nothing else is skipped
	}
	for _, most := range []int{3, 64, maxDepth, noBound} {
		s := scanner{data: data, deepest: most}
		end, err := skipByRules(data, most)
		if got := s.skip(0); got != err || err == nil && s.pos != end {
			t.Fatalf("%q: %v at %d, not %v at %d", data, got, s.pos, err, end)
		}
	}
}

func TestSkippingByBlocksIsSkippingByBytes(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	for _, doc := range append(parts(),
		deep(63), deep(64), deep(65), deep(129), deep(maxKinds), deep(maxKinds+70),
		strings.Repeat(`{"a":[`, 40)+strings.Repeat(`]}`, 40), strings.Repeat(`{"a":[`, 40)+strings.Repeat(`}]`, 40),
		deep(maxKinds + 2)[1:]+"}", "{"+deep(70)+deep(70)+"}") {
		// The places of a block's ends change with what is before.
		for before := range 2 * blockSize {
			skipsByRules(t, []byte("["+strings.Repeat(" ", before)+doc+"]"))
			skipsByRules(t, []byte("["+strings.Repeat(" ", before)+`"`+strings.Repeat(doc, 3)+`"]`))
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	all := parts()
	for range 30_000 {
		var b strings.Builder
		b.WriteByte("[{"[random.IntN(2)])
		for range random.IntN(60) {
			b.WriteString(all[random.IntN(len(all))])
		}
		b.WriteString(strings.Repeat("]", random.IntN(3)))
		skipsByRules(t, []byte(b.String()))
	}
}

// parts are what documents are made of, well-formed and not.
func parts() []string {
	return []string{
		`"a"`, `""`, `,`, `:`, ` `, `1`, `{}`, `[]`, `{`, `}`, `[`, `]`, `"`, `\`, `"\""`, `"\\"`, `"{["`, `_y`, "\x7f",
		"\xdb\xfb\xa2\xff", "é", `"é"`, "#", "\x00", `"field_1":"a value of some length"`, `{"a":[1,{"b":"c"}]}`,
		`"` + strings.Repeat("x", 70) + `"`, `"` + strings.Repeat("x", 200) + `"`, `"a line\r\nand another"`,
		`"` + strings.Repeat(`\\`, 40) + `"`, strings.Repeat(`{"n":1},`, 9), strings.Repeat(`"a":"b",`, 30),
	}
}

// FuzzSkip: by blocks the same is skipped as byte by byte.
func FuzzSkip(f *testing.F) {
	for _, part := range parts() {
		f.Add([]byte("[" + part + "]"))
		f.Add([]byte("{" + strings.Repeat(" ", 90) + part + strings.Repeat(part+"}", 20)))
	}
	f.Fuzz(skipsByRules)
}

func TestABlockSaysWhereItsBytesAre(t *testing.T) {
	t.Parallel()
	in := func(mask uint64, n int) bool { return inOrder(mask)>>n&1 != 0 }
	random := rand.New(rand.NewPCG(5, 6))
	for turn := range 20_000 {
		var b [blockSize]byte
		for i := range b {
			b[i] = "\"\"\\#\xa2\xff\x00\x7e[{}]"[random.IntN(12)]
			if b[i] == '\\' && turn%2 == 0 || random.IntN(3) == 0 {
				b[i] = byte(turn)
			}
		}
		got, odd, escapes := blockOf(&b), false, false
		within := got.within()
		for n, c := range b {
			odd, escapes = odd != (c == '"'), escapes || c == '\\'
			bracket := strings.IndexByte("[]{}", c) >= 0
			if in(got.quotes, n) != (c == '"') || in(within, n) != odd || bracket && !in(got.brackets, n) {
				t.Fatalf("%q: byte %d", b, n)
			}
		}
		require.Equal(t, escapes, got.escapes, "%q", b)
	}
	for n := range blockSize {
		require.Equal(t, uint64(1)<<n, inOrder(1<<(n%8*8+n/8)))
		require.Equal(t, 1, bits.OnesCount64(inOrder(1<<n)))
	}
}
