package core

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// readAhead is what is allocated for bytes that have not arrived, once as many as a buffer holds have: a declared
// length costs a sender nothing.
const readAhead = 64 << 10

// readBody reads the whole body, once, within the limit and the room that its slot finds. A body that fits into the
// buffer stays there; the buffer is not to be empty.
func readBody(r *http.Request, limit int64, slot *bodySlot, buffer []byte) (body []byte, f fault.Failure) {
	if r.Body == nil || r.Body == http.NoBody {
		if r.ContentLength > 0 {
			return nil, bodyAlreadyRead()
		}
		return nil, fault.Failure{}
	}
	switch b := r.Body.(type) {
	case readByGuard:
		return nil, fault.New(reason.BodyAlreadyRead, readByGuardText)
	case *keptBody:
		if b.failure.Failed() {
			return nil, b.failure
		}
	}
	if len(r.PostForm) > 0 || r.MultipartForm != nil {
		return nil, bodyAlreadyRead()
	}
	noRoomLeft := fault.New(reason.RateLimited, "")
	declared := r.ContentLength
	var full [][]byte // chunks
	var total int64
	chunk := buffer[:0]
	if !slot.grow(int64(cap(chunk))) {
		return nil, noRoomLeft
	}
	for {
		n, err := r.Body.Read(chunk[len(chunk):cap(chunk)])
		chunk = chunk[:len(chunk)+n]
		total += int64(n)
		if total > limit {
			return nil, fault.New(reason.BodyTooLarge, tooLong(limit, -1))
		}
		if err != nil {
			if err != io.EOF || declared != total { // the usual end, which is never wrapped
				f = bodyEnd(err, total, declared)
			}
			if f.Failed() || len(full) == 0 {
				return chunk, f
			}
			if !slot.grow(total) { // the chunks and what they are joined to
				return nil, noRoomLeft
			}
			return bytes.Join(append(full, chunk), nil), fault.Failure{}
		}
		if len(chunk) < cap(chunk) {
			continue
		}
		left := declared - total + 1 // one byte more, to meet the end without growing
		if len(full) == 0 && left > 0 && left <= readAhead {
			// The whole body gets its place at once, and needs no joining.
			if !slot.grow(total + left) {
				return nil, noRoomLeft
			}
			chunk = append(make([]byte, 0, total+left), chunk...)
			continue
		}
		next := int64(readAhead)
		if declared >= 0 {
			next = max(1, min(left, readAhead))
		}
		if !slot.grow(next) {
			return nil, noRoomLeft
		}
		full = append(full, chunk)
		chunk = make([]byte, 0, next)
	}
}

// bodyEnd says what is wrong with how a body ended, if anything is.
func bodyEnd(err error, total, declared int64) fault.Failure {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fault.New(reason.BodyTooLarge, "a limit that is set before the guard cut the body off: raise that limit (http.MaxBytesReader, a BodyLimit middleware)")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.New(reason.BodyIncomplete, "the body did not arrive in time (BodyTimeout, or the server's ReadTimeout)")
	case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		var coded interface{ StatusCode() int }
		if errors.As(err, &coded) && coded.StatusCode() == http.StatusRequestEntityTooLarge {
			return fault.New(reason.BodyTooLarge, "a limit that is set before the guard cut the body off: raise that limit (http.MaxBytesReader, a BodyLimit middleware)")
		}
		return fault.New(reason.BodyIncomplete, "the body ended before its declared length, or could not be read")
	case declared >= 0 && total != declared:
		// net/http reports a short body as an error; a clean end at another length means that a middleware read part
		// of the body or replaced it by a decompressed one.
		return bodyAlreadyRead()
	}
	if declared < 0 && total == 0 {
		// Either nothing was sent, which no provider does, or something before us read it all. A sender can choose the
		// first, so that it is no 5xx.
		return fault.New(reason.BodyIncomplete, "the body is empty and of no declared length: something before the guard may have read it")
	}
	return fault.Failure{}
}

func bodyAlreadyRead() fault.Failure {
	return fault.New(reason.BodyAlreadyRead, "something before the guard read or decompressed the body: mount the guard before binders, form parsers and decompression")
}

// restoredBody is the body that everything after the guard reads.
type restoredBody struct {
	bytes.Reader
	delivery *Delivery
}

// Read refuses while the body is a batch that is partly done and no signal has taken it up: a handler that reads it as
// a whole would do the done part again.
func (b *restoredBody) Read(p []byte) (int, error) {
	b.delivery.touch()
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	return b.Reader.Read(p)
}

// WriteTo is Read for io.Copy.
func (b *restoredBody) WriteTo(w io.Writer) (int64, error) {
	b.delivery.touch()
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	return b.Reader.WriteTo(w)
}

// Close does nothing: the connection's own body was read to its end.
func (*restoredBody) Close() error { return nil }

// Restored marks a body that a guard has read and proved. Adapters do not wrap it again: an inner guard recognises it,
// and counts it among no unproved bodies.
func (*restoredBody) Restored() {}

func restoreBody(r *http.Request, d *Delivery) {
	d.restored.delivery = d
	d.restored.Reset(d.facts.body)
	r.Body = &d.restored
	r.ContentLength = int64(len(d.facts.body))
	r.TransferEncoding = nil
	r.GetBody = d.openBody
}

// openBody gives the body from its start.
func (d *Delivery) openBody() (io.ReadCloser, error) {
	b := &restoredBody{delivery: d}
	b.Reset(d.facts.body)
	return b, nil
}
