package journal

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

// flagGzip says that a payload is compressed.
const flagGzip = 1

// pack makes the blob of a payload for a row: compressed, then sealed. Sealed bytes cannot be
// compressed any more.
func (j *Journal) pack(ctx context.Context, payload []byte, row Row) ([]byte, error) {
	// A compressed length shows something of the content. It shows it to whoever reads the table, who
	// sees the length of the row anyway, and cannot add text of their own next to a secret: no
	// credential is kept.
	out := j.compress(payload)
	if j.sealer == nil {
		return append([]byte{formPlain}, out...), nil
	}
	return j.sealer.seal(ctx, out, row)
}

// unpack returns the payload of a row's blob. With Keys a plain blob is refused, which fails closed:
// otherwise whoever can write the table would leave the seal out.
func (j *Journal) unpack(ctx context.Context, row Row) ([]byte, error) {
	if len(row.Blob) < 2 {
		return nil, fmt.Errorf("%w: its blob is empty", ErrForged)
	}
	form, rest := row.Blob[0], row.Blob[1:]
	var err error
	switch {
	case form == formSealed && j.sealer != nil:
		rest, err = j.sealer.open(ctx, rest, row)
	// Fails closed as well: without keys nothing sealed is read.
	case form == formSealed:
		err = fmt.Errorf("%w: there are none", ErrSealed)
	// A newer version's form is not read as if it were an older one.
	case form != formPlain:
		err = fmt.Errorf("%w: its form %d is unknown; a newer version may have written it", ErrForged, form)
	case j.sealer != nil:
		err = fmt.Errorf("%w: it is not sealed, but Config.Keys is set; if it is older than the keys, delete it",
			ErrForged)
	}
	if err != nil {
		return nil, err
	}
	return expand(rest)
}

// compress returns flags and payload. The payload is compressed where that makes it shorter.
func (j *Journal) compress(payload []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(payload)/4 + 64)
	b.WriteByte(flagGzip)
	// A writer of gzip allocates more than a megabyte: while an app is down, every delivery needs one.
	z, _ := j.zippers.Get().(*gzip.Writer)
	if z == nil {
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	}
	z.Reset(&b)
	_, err := z.Write(payload)
	err = errors.Join(err, z.Close())
	j.zippers.Put(z)
	// Writing to memory does not fail. Were it to, the payload is kept as it is: nothing is lost.
	if err != nil || b.Len() > len(payload) {
		return append([]byte{0}, payload...)
	}
	return b.Bytes()
}

// expand reverses compress. It reads no more than a journal ever writes: a few forged bytes can expand
// to gigabytes.
func expand(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: its payload is missing", ErrForged)
	}
	switch flags, rest := b[0], b[1:]; flags {
	case 0:
		return bytes.Clone(rest), nil
	case flagGzip:
		z, err := gzip.NewReader(bytes.NewReader(rest))
		if err != nil {
			return nil, fmt.Errorf("%w: its payload is not compressed as it says", ErrForged)
		}
		// One byte more than allowed is read, so that too much is noticed and not cut off.
		out, err := io.ReadAll(io.LimitReader(z, MaxBlob+1))
		if err != nil || len(out) > MaxBlob {
			return nil, fmt.Errorf("%w: its payload cannot be expanded, or is too large", ErrForged)
		}
		return out, nil
	default:
		return nil, fmt.Errorf("%w: its flags %d are unknown; a newer version may have written it", ErrForged, flags)
	}
}
