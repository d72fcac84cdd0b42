package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A blob is a byte for its form, then in plain form
//
//	flags | payload
//
// or that sealed: see seal. The payload, compressed where a flag says so, is the length of the head,
// the head as JSON, and the body. The head is the table of members in entry.go; another layout needs another form.
const (
	formPlain  = 1
	formSealed = 2
)

// endpointOf returns an endpoint's name as rows hold it. A name that no column takes is replaced by its
// hash.
func endpointOf(name string) string {
	if len(name) <= MaxEndpoint && utf8.ValidString(name) && !strings.Contains(name, "\x00") {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// encode makes the row of an entry. The revision of e is the one that is stored now; the blob is
// written for the next.
func (j *Journal) encode(ctx context.Context, e *Entry) (Row, error) {
	row := Row{ID: e.ID, Revision: e.Revision, State: e.State, Endpoint: endpointOf(e.Endpoint), At: e.Changed}
	// The blob says the revision that the row will have: the store counts it up in the same write.
	next := *e
	next.Revision++
	encoded, err := writeHead(&next)
	if err != nil {
		return Row{}, fmt.Errorf("journal: entry %s cannot be written: %w", e.ID, err)
	}
	payload := make([]byte, 0, binary.MaxVarintLen64+len(encoded)+len(e.Body))
	payload = binary.AppendUvarint(payload, uint64(len(encoded)))
	payload = append(append(payload, encoded...), e.Body...)
	row.Blob, err = j.pack(ctx, payload, row)
	return row, err
}

// decode reads the entry of a row. Its errors are UnreadableErrors, but for those of Config.Keys.
func (j *Journal) decode(ctx context.Context, row Row) (*Entry, error) {
	// A seal is checked first, so that no parser sees what an attacker wrote into a sealed journal.
	payload, err := j.unpack(ctx, row)
	if err != nil {
		return nil, unreadable(row, err)
	}
	e, err := readPayload(payload)
	if err == nil {
		err = misplaced(e, row)
	}
	if err != nil {
		return nil, unreadable(row, fmt.Errorf("%w: %w", ErrForged, err))
	}
	return e, nil
}

func unreadable(row Row, err error) error {
	return &UnreadableError{ID: row.ID, Endpoint: row.Endpoint, At: row.At, Err: err}
}

// readPayload reads head and body. Its errors quote nothing of what was read: it may hold personal
// data.
func readPayload(payload []byte) (*Entry, error) {
	size, n := binary.Uvarint(payload)
	if n <= 0 || size > uint64(len(payload)-n) {
		return nil, errors.New("its head is cut off")
	}
	e, err := readHead(payload[n : n+int(size)])
	if err != nil {
		return nil, errors.New("its head cannot be read") // encoding/json quotes what it has read
	}
	e.Body = payload[n+int(size):]
	return e, nil
}

// misplaced returns an error unless the entry belongs into the row. It fails closed, without Keys too:
// a blob of another row, or a body that is not the one that was proved, must not run.
func misplaced(e *Entry, row Row) error {
	switch {
	// Each of these moves an entry: to another event, endpoint, or state; or brings an older one back.
	case e.ID != row.ID, e.State != row.State, e.Revision != row.Revision, endpointOf(e.Endpoint) != row.Endpoint:
		return fmt.Errorf("its blob is of entry %.80s, endpoint %.80q, %v, revision %d", e.ID, e.Endpoint, e.State,
			e.Revision)
	//lint:notsecret the hash of a body that whoever reads the entry has
	case e.Runnable && (e.Length != int64(len(e.Body)) || sha256.Sum256(e.Body) != e.Digest):
		return errors.New("its body is not the one that was kept")
	}
	return nil
}
