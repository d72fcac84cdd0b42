package jsonscan

import "encoding/binary"

const blockSize = 64

// block says where the quotes and brackets of 64 bytes are. A block is eight words of eight bytes, and a mask has a bit
// for each byte: bit 8*j+i stands for byte j of word i. So the top bits of eight words fit into one word by shifts.
type block struct {
	quotes   uint64
	brackets uint64 // and a few other bytes, none of which JSON has outside of strings
	escapes  bool   // there is a backslash: a quote may not end a string
}

// blockOf reads a block without a branch: where strings end cannot be predicted.
func blockOf(b *[blockSize]byte) block {
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	t := tests{noEscape: tops}
	t = t.add(word(0)).add(word(1)).add(word(2)).add(word(3))
	t = t.add(word(4)).add(word(5)).add(word(6)).add(word(7))
	return block{quotes: ^t.noQuote, brackets: t.brackets, escapes: t.noEscape&tops != tops}
}

// tests are tests of the bytes of some words.
type tests struct{ noQuote, brackets, noEscape uint64 }

// add tests another word. Its test of brackets also finds Y, y, _, DEL, and bytes at or behind one that is not ASCII:
// whoever uses it looks at the byte itself. The other two are exact: no byte carries into the next, because both parts
// of a sum are at most 0x7f.
func (t tests) add(x uint64) tests {
	const most = tops - ones // 0x7f in each byte
	ascii := x & most
	return tests{
		noQuote:  t.noQuote>>1 | (((ascii^ones*'"')+most)|x)&tops,
		brackets: t.brackets>>1 | ((x|ones*0x26)+ones)&tops,
		noEscape: t.noEscape & (((ascii ^ ones*'\\') + most) | x),
	}
}

// within returns the mask of the bytes inside of strings, with the quotes that begin these. A byte is inside where the
// number of quotes up to it is odd.
func (b *block) within() uint64 {
	odd := b.quotes // in each word
	odd ^= odd << 8
	odd ^= odd << 16
	odd ^= odd << 32
	words := odd >> 56 // a bit for each word: up to its end
	words ^= words << 1
	words ^= words << 2
	words ^= words << 4
	return odd ^ words<<1&0xff*ones // of all words before, for each byte
}

// inOrder returns a mask in which bit n stands for byte n of the block.
func inOrder(m uint64) uint64 {
	// A mask is a matrix of eight by eight bits. This transposes it, in steps of growing squares.
	t := (m ^ m>>7) & 0x00aa00aa00aa00aa
	m ^= t ^ t<<7
	t = (m ^ m>>14) & 0x0000cccc0000cccc
	m ^= t ^ t<<14
	t = (m ^ m>>28) & 0x00000000f0f0f0f0
	return m ^ t ^ t<<28
}
