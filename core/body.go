package core

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
)

// What is allocated before the bytes it is for have arrived: a declared length costs a sender nothing.
const (
	firstRead = 16 << 10
	readAhead = 64 << 10 // once the first have arrived
)

// readBody reads the whole body, once, within the limit and the room that its slot finds.
func readBody(r *http.Request, limit int64, slot *bodySlot) ([]byte, failure) {
	if r.Body == nil || r.Body == http.NoBody {
		if r.ContentLength > 0 {
			return nil, bodyAlreadyRead()
		}
		return nil, failure{}
	}
	if len(r.PostForm) > 0 || r.MultipartForm != nil {
		return nil, bodyAlreadyRead()
	}
	declared := r.ContentLength
	var chunks [][]byte
	var total int64
	size := int64(firstRead)
	if declared >= 0 {
		size = min(declared, firstRead)
	}
	if !slot.grow(size + 1) {
		return nil, failure{ReasonRateLimited, ""}
	}
	chunk := make([]byte, 0, size+1) // one more, to meet the end without growing
	for {
		n, err := r.Body.Read(chunk[len(chunk):cap(chunk)])
		chunk = chunk[:len(chunk)+n]
		total += int64(n)
		if total > limit {
			return nil, failure{ReasonBodyTooLarge, "the body is longer than MaxBody"}
		}
		if err != nil {
			if len(chunks) > 0 && errors.Is(err, io.EOF) && !slot.grow(total) {
				return nil, failure{ReasonRateLimited, ""} // the chunks and what they are joined to
			}
			return bodyEnd(err, append(chunks, chunk), total, declared)
		}
		if len(chunk) == cap(chunk) {
			next := int64(readAhead)
			if declared >= 0 {
				next = max(1, min(declared-total+1, readAhead))
			}
			if !slot.grow(next) {
				return nil, failure{ReasonRateLimited, ""}
			}
			chunks = append(chunks, chunk)
			chunk = make([]byte, 0, next)
		}
	}
}

func bodyEnd(err error, chunks [][]byte, total, declared int64) ([]byte, failure) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, failure{ReasonBodyTooLarge, "a limit set before the guard cut the body off"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, failure{ReasonBodyIncomplete, "the body did not arrive in time (BodyTimeout, or the server's ReadTimeout)"}
	case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		var coded interface{ StatusCode() int }
		if errors.As(err, &coded) && coded.StatusCode() == http.StatusRequestEntityTooLarge {
			return nil, failure{ReasonBodyTooLarge, "a limit set before the guard cut the body off"}
		}
		return nil, failure{ReasonBodyIncomplete, "the body ended before its declared length, or could not be read"}
	case declared >= 0 && total != declared:
		// net/http reports a short body as an error; a clean end at another length means that a middleware read part
		// of the body or replaced it by a decompressed one.
		return nil, bodyAlreadyRead()
	}
	if declared < 0 && total == 0 {
		// Either nothing was sent, which no provider does, or something before us read it all. A sender can choose the
		// first, so that it is no 5xx.
		return nil, failure{ReasonBodyIncomplete, "the body is empty and of no declared length: something before the guard may have read it"}
	}
	if len(chunks) == 1 {
		return chunks[0], failure{}
	}
	return bytes.Join(chunks, nil), failure{}
}

func bodyAlreadyRead() failure {
	return failure{ReasonBodyAlreadyRead, "something before the guard read or decompressed the body: mount the guard before binders, form parsers and decompression"}
}

// restoredBody is the body that everything after the guard reads.
type restoredBody struct {
	bytes.Reader
	delivery *Delivery
}

// Read refuses while the body is a batch that is partly done and no signal has taken it up: a handler that reads it as
// a whole would do the done part again.
func (b *restoredBody) Read(p []byte) (int, error) {
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	return b.Reader.Read(p)
}

// WriteTo is Read for io.Copy.
func (b *restoredBody) WriteTo(w io.Writer) (int64, error) {
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	return b.Reader.WriteTo(w)
}

// Close does nothing: the connection's own body was read to its end.
func (*restoredBody) Close() error { return nil }

func restoreBody(r *http.Request, d *Delivery) {
	open := func() (io.ReadCloser, error) {
		b := &restoredBody{delivery: d}
		b.Reset(d.body)
		return b, nil
	}
	r.Body, _ = open()
	r.ContentLength = int64(len(d.body))
	r.TransferEncoding = nil
	r.GetBody = open
}
