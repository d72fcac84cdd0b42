package inbound

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// decoderOf returns the decoder of a charset; nil for UTF-8, ASCII and what is not known.
func decoderOf(charset string) *encoding.Decoder {
	charset = strings.ToLower(strings.TrimSpace(charset))
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "7bit", "8bit", "unknown-8bit":
		return nil
	}
	if enc, err := htmlindex.Get(charset); err == nil {
		return enc.NewDecoder()
	}
	return nil
}

// decodeText returns a text in UTF-8. Bytes that are not of the charset become U+FFFD, and so do all that are not
// UTF-8 where the charset is not known.
func decodeText(content []byte, charset string) string {
	if d := decoderOf(charset); d != nil {
		if out, err := d.Bytes(content); err == nil {
			return string(bytes.ToValidUTF8(out, []byte("\ufffd")))
		}
	}
	if utf8.Valid(content) {
		return string(content)
	}
	return string(bytes.ToValidUTF8(content, []byte("\ufffd")))
}

// charsetReader is for encoded words.
func charsetReader(charset string, input io.Reader) (io.Reader, error) {
	d := decoderOf(charset)
	if d == nil {
		return nil, fmt.Errorf("inbound: unknown charset %.40q", charset)
	}
	return d.Reader(input), nil
}
