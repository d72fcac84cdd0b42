package intake

import (
	"io"

	"github.com/sallyport-go/sallyport/core/internal/fault"
)

// Drained is the body of a request after a guard has read it. It reads as empty.
//
// A second guard recognises it by its type. Without it, an empty body would be verified, and the
// refusal would blame the signature.
type Drained struct{}

// Read returns the end.
func (Drained) Read([]byte) (int, error) { return 0, io.EOF }

// Close does nothing.
func (Drained) Close() error { return nil }

// Kept is the body of a refused request that somebody asked to keep.
//
// Whoever asked to keep it owns it. A failure stays with it, so a part of a body is never verified as
// the whole.
type Kept struct {
	io.Reader
	io.Closer
	failure fault.Failure // why it could not be read whole; none: the reader has all of it
}

// Keep keeps what the reader gives as the body of a request, closed by what closes its own.
func Keep(r io.Reader, c io.Closer, why fault.Failure) *Kept { return &Kept{r, c, why} }

const alreadyReadText = "a guard has read this request before: to examine it afterwards, call Explain in OnReject, " +
	"or set Inbound.KeepBody for Receive"
