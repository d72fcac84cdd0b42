package jsonscan

import (
	"testing"
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
