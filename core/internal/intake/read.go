package intake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// readAhead is what is allocated for bytes that have not arrived, once as many as the buffers hold have: a declared
// length costs a sender nothing.
const readAhead = 64 << 10

// Read reads the whole body, once, within the limit and the room that its slot finds. A body that fits into the buffer
// stays there.
//
// It fails closed for whatever is not the whole body: a signature over a part would be refused with a
// misleading reason. slot may be nil, and is then unlimited. buffer belongs to the caller.
func Read(r *http.Request, limit int64, slot *Slot, buffer *Buffer) (body []byte, f fault.Failure) {
	if r.Body == nil || r.Body == http.NoBody {
		if r.ContentLength > 0 {
			return nil, bodyAlreadyRead()
		}
		return nil, fault.Failure{}
	}
	if f := checkUnread(r); f.Failed() {
		return nil, f
	}
	return read(r.Body, r.ContentLength, limit, slot, buffer)
}

// checkUnread refuses a body that something has read before, as far as that shows. It fails closed: what is left of a
// body is not what was signed.
func checkUnread(r *http.Request) fault.Failure {
	switch b := r.Body.(type) {
	case Drained:
		return fault.New(reason.BodyAlreadyRead, alreadyReadText)
	case *Kept:
		if b.failure.Failed() {
			return b.failure
		}
	}
	if len(r.PostForm) > 0 || r.MultipartForm != nil {
		return bodyAlreadyRead()
	}
	return fault.Failure{}
}

// read reads in chunks: first the small buffer, then the large one, then the rest of the declared length if it is
// short, else readAhead bytes at a time. The large buffer is taken only once the small one is full: a sender cannot
// have it for a declared length alone.
func read(from io.Reader, declared, limit int64, slot *Slot, buffer *Buffer) (body []byte, f fault.Failure) {
	noRoomLeft := fault.New(reason.RateLimited, "")
	var full [][]byte // chunks
	var total int64
	chunk := buffer.small[:0] // counted by Enter
	for {
		n, err := from.Read(chunk[len(chunk):cap(chunk)])
		chunk = chunk[:len(chunk)+n]
		total += int64(n)
		// Checked after each read, because a declared length may be absent or untrue. At most one chunk
		// more than the limit is ever held.
		if total > limit {
			return nil, fault.New(reason.BodyTooLarge, TooLong(limit, -1))
		}
		if err != nil {
			if err != io.EOF || declared != total { // the usual end, which is never wrapped
				f = bodyEnd(err, total, declared)
			}
			if f.Failed() || len(full) == 0 {
				return chunk, f
			}
			if !slot.Grow(total) { // the chunks and what they are joined to
				return nil, noRoomLeft
			}
			return bytes.Join(append(full, chunk), nil), fault.Failure{}
		}
		if len(chunk) < cap(chunk) {
			continue
		}
		if total == smallBuffer {
			if !slot.Grow(largeBuffer) {
				return nil, noRoomLeft
			}
			chunk = append(buffer.takeLarge(), chunk...)
			continue
		}
		left := declared - total + 1 // one byte more, to meet the end without growing
		if len(full) == 0 && left > 0 && left <= readAhead {
			// The whole body gets its place at once, and needs no joining.
			if !slot.Grow(total + left) {
				return nil, noRoomLeft
			}
			chunk = append(make([]byte, 0, total+left), chunk...)
			continue
		}
		next := int64(readAhead)
		if declared >= 0 {
			next = max(1, min(left, readAhead))
		}
		if !slot.Grow(next) {
			return nil, noRoomLeft
		}
		full = append(full, chunk)
		chunk = make([]byte, 0, next)
	}
}

const (
	cutOff = "a limit that is set before the guard cut the body off: raise that limit " +
		"(http.MaxBytesReader, a BodyLimit middleware)"
	alreadyRead = "something before the guard read or decompressed the body: mount the guard before binders, " +
		"form parsers and decompression"
	emptyBody = "the body is empty and of no declared length: something before the guard may have read it"
)

// bodyEnd returns what is wrong with how a body ended.
//
// It fails closed: only a clean end at the declared length, if there is one, is a body.
func bodyEnd(err error, total, declared int64) fault.Failure {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fault.New(reason.BodyTooLarge, cutOff)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.New(reason.BodyIncomplete,
			"the body did not arrive in time (Limits.BodyTimeout, or the server's ReadTimeout)")
	case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		var coded interface{ StatusCode() int }
		if errors.As(err, &coded) && coded.StatusCode() == http.StatusRequestEntityTooLarge {
			return fault.New(reason.BodyTooLarge, cutOff)
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
		return fault.New(reason.BodyIncomplete, emptyBody)
	}
	return fault.Failure{}
}

func bodyAlreadyRead() fault.Failure {
	return fault.New(reason.BodyAlreadyRead, alreadyRead)
}

// TooLong is the detail of a body beyond MaxBody. declared is negative where no length was declared.
func TooLong(maxBody, declared int64) string {
	limit := "Limits.MaxBody of " + strconv.FormatInt(maxBody, 10) + " bytes: raise it if the provider sends as much"
	if declared >= 0 {
		return "the declared length of " + strconv.FormatInt(declared, 10) + " bytes is beyond " + limit
	}
	return "the body is longer than " + limit
}
