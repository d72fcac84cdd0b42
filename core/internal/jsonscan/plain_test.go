package jsonscan

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainRunsEndAtTheFirstByteThatIsNotPlain(t *testing.T) {
	t.Parallel()
	slow := func(b []byte) (n int) {
		for n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\' {
			n++
		}
		return n
	}
	// Every byte at every place of runs around the length of a word, before and after every other kind of byte.
	for size := range 20 {
		b := make([]byte, size)
		for at := range size {
			for c := range 256 {
				for _, fill := range []byte{'x', ' ', 0x7f, 0x80, 0xff, '!', '#', '[', ']'} {
					for _, after := range []byte{fill, '"', '\\', 0x00, 0x1f} {
						for i := range b {
							b[i] = fill
							if i > at {
								b[i] = after
							}
						}
						b[at] = byte(c)
						if slow(b) != plain(b) {
							t.Fatalf("%q: %d, not %d", b, plain(b), slow(b))
						}
					}
				}
			}
		}
	}
}

// endByByte is what endOfString is, byte by byte.
func endByByte(b []byte, at int) int {
	for ; at < len(b); at++ {
		switch b[at] {
		case '"':
			return at + 1
		case '\\':
			at++
		}
	}
	return -1
}

// TestAStringEndsAtItsFirstQuoteThatIsNotEscaped, wherever quotes and runs of backslashes stand in words, and in strings
// that are long enough to be searched in another way.
func TestAStringEndsAtItsFirstQuoteThatIsNotEscaped(t *testing.T) {
	t.Parallel()
	const long = longString*8 + 24
	for size := range long {
		for backslashes := range 5 {
			for at := range size {
				b := bytes.Repeat([]byte{'x'}, size)
				for i := range min(backslashes, size-at) {
					b[at+i] = '\\'
				}
				if end := at + backslashes; end < size {
					b[end] = '"'
				}
				b = append(b, "x\"x"...)
				require.Equal(t, endByByte(b, 0), endOfString(b, 0), "%q", b)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		b := make([]byte, random.IntN(200))
		few := 2 + random.IntN(100) // of how many bytes one is a quote or a backslash
		for i := range b {
			switch random.IntN(few) {
			case 0:
				b[i] = '\\'
			case 1:
				b[i] = "\"\"\\x"[random.IntN(4)]
			default:
				b[i] = byte(random.Uint32())
			}
		}
		if want, got := endByByte(b, 0), endOfString(b, 0); want != got {
			t.Fatalf("%q: %d, not %d", b, got, want)
		}
	}
}
