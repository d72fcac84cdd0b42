package core

import (
	"bytes"
	"io"
	"net/http"
)

// restoredBody is the body that everything after the guard reads. Like any request body it is for one goroutine.
type restoredBody struct {
	// reader holds the bytes that the guard has checked. It is not embedded: its other methods (ReadByte, which
	// encoding/xml calls, Seek, ReadAt) would give out the bytes past the check of Read.
	reader   bytes.Reader
	delivery *Delivery // whose body it is; never nil
}

// Read refuses while the body is a batch that is partly done and no signal has taken it up: a handler that reads it as
// a whole would do the done part again. It fails closed: no byte of such a body is given out.
func (b *restoredBody) Read(p []byte) (int, error) {
	b.delivery.touch()
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	return b.reader.Read(p)
}

// WriteTo is Read for io.Copy.
func (b *restoredBody) WriteTo(w io.Writer) (int64, error) {
	b.delivery.touch()
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	return b.reader.WriteTo(w)
}

// Close does nothing: the connection's own body was read to its end.
func (*restoredBody) Close() error { return nil }

// Restored marks a body that a guard has read and proved. Adapters do not wrap it again, and an inner guard does not
// count it as unproved.
func (*restoredBody) Restored() {}

// restoreBody gives the request the proved bytes, and makes its length agree with them. The sender chose the framing:
// a request that came in chunks must not say so any more, because code that forwards it would trust that.
func restoreBody(r *http.Request, d *Delivery) {
	d.restored.delivery = d
	d.restored.reader.Reset(d.facts.body)
	r.Body = &d.restored
	r.ContentLength = int64(len(d.facts.body))
	r.TransferEncoding = nil
	r.GetBody = d.openBody
}

// openBody returns the body from its start. Each reader has its own position and the same rule for batches.
func (d *Delivery) openBody() (io.ReadCloser, error) {
	b := &restoredBody{delivery: d}
	b.reader.Reset(d.facts.body)
	return b, nil
}
