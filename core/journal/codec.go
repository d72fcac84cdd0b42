package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/core/reason"
)

// A blob is a byte for its form, then in plain form
//
//	flags | payload
//
// or that sealed: see seal. The payload, compressed where a flag says so, is the length of the head,
// the head as JSON, and the body. Fields may be added to the head; another layout needs another form.
const (
	formPlain  = 1
	formSealed = 2
)

// partSize is how many bytes a part of a batch takes.
const partSize = 64

// head is the JSON in a blob: the entry without its body. It repeats what the row says, so that a blob
// which stands in another row is found out.
type head struct {
	// The row's own values, which decode compares with the row. Revision is the one after the write.
	ID       ID     `json:"id"`
	Revision uint64 `json:"revision"`
	State    State  `json:"state"`
	Kind     Kind   `json:"kind,omitempty"`
	Endpoint text   `json:"endpoint"` // whole; the row's is shortened where no column takes it
	// Whose event it is. All of it is the sender's text, or the app's configuration.
	Provider text `json:"provider,omitempty"`
	Tenant   text `json:"tenant,omitempty"`
	Scope    text `json:"scope,omitempty"`
	EventID  text `json:"event_id,omitempty"`
	Type     text `json:"type,omitempty"`
	Action   text `json:"action,omitempty"`
	// The sender's time can lie in any year.
	Time     stamp         `json:"time"`
	Attempt  int           `json:"attempt,omitempty"`
	Identity string        `json:"identity"`
	Proved   Authenticated `json:"authenticated"`
	Secret   text          `json:"secret,omitempty"`
	// What became of it.
	Token    []byte         `json:"token,omitempty"`
	Reason   text           `json:"reason,omitempty"`
	Err      text           `json:"err,omitempty"`
	Finished []text         `json:"finished,omitempty"`
	Did      []receiverHead `json:"receivers,omitempty"`
	Outer    []text         `json:"outer,omitempty"`
	First    stamp          `json:"first"`
	Last     stamp          `json:"last"`
	Changed  stamp          `json:"changed"`
	Attempts int            `json:"attempts"`
	// What a run needs, in addition to the body, and whether it has all of it.
	Request  requestHead `json:"request"`
	Length   int64       `json:"length"`
	Digest   string      `json:"digest"`
	Runnable bool        `json:"runnable"`
	WhyNot   text        `json:"why_not,omitempty"`
	InBatch  bool        `json:"in_batch,omitempty"`
	Parts    []byte      `json:"parts,omitempty"` // of each the identity and the digest, 64 bytes
	Runs     []runHead   `json:"runs,omitempty"`
	RunCount int         `json:"run_count,omitempty"`
}

// requestHead is a Request in JSON.
type requestHead struct {
	Method     text     `json:"method,omitempty"`
	URL        text     `json:"url,omitempty"`
	Host       text     `json:"host,omitempty"`
	RemoteAddr text     `json:"remote_addr,omitempty"`
	TLS        bool     `json:"tls,omitempty"`
	Header     [][]text `json:"header,omitempty"` // each a name and its values
	Dropped    []text   `json:"dropped,omitempty"`
}

// runHead is a Run in JSON.
type runHead struct {
	At     stamp `json:"at"`
	Reason text  `json:"reason,omitempty"`
	Err    text  `json:"err,omitempty"`

	Did []receiverHead `json:"receivers,omitempty"`
}

// receiverHead is a Receiver in JSON.
type receiverHead struct {
	Name    text          `json:"name,omitempty"`
	Pattern text          `json:"pattern,omitempty"`
	Took    time.Duration `json:"took_ns,omitempty"`
	Reason  text          `json:"reason,omitempty"`
	Err     text          `json:"err,omitempty"`
}

// headOf returns the head of an entry. Each field of Entry but Body stands in head, here and in entry. A test says so
// of a field that is forgotten in one of them.
func headOf(e *Entry) *head {
	h := &head{
		ID: e.ID, Revision: e.Revision, State: e.State, Kind: e.Kind,
		Endpoint: text(e.Endpoint), Provider: text(e.Provider), Tenant: text(e.Tenant), Scope: text(e.Scope),
		EventID: text(e.EventID), Type: text(e.Type), Action: text(e.Action), Time: stampOf(e.Time), Attempt: e.Attempt,
		Identity: hex.EncodeToString(e.Identity[:]), Proved: e.Authenticated, Secret: text(e.Secret),
		Token: e.Token, Reason: text(e.Reason), Err: text(e.Err), Finished: texts(e.Finished), Outer: texts(e.Outer),
		Did:   receiverHeads(e.Receivers),
		First: stampOf(e.First), Last: stampOf(e.Last), Changed: stampOf(e.Changed), Attempts: e.Attempts,
		Length: e.Length, Digest: hex.EncodeToString(e.Digest[:]), Runnable: e.Runnable, WhyNot: text(e.WhyNot),
		RunCount: e.RunCount, InBatch: e.InBatch,
		Request: requestHead{
			Method: text(e.Request.Method), URL: text(e.Request.URL), Host: text(e.Request.Host),
			RemoteAddr: text(e.Request.RemoteAddr), TLS: e.Request.TLS, Dropped: texts(e.Request.Dropped),
		},
	}
	// Sorted, so that the same entry is the same bytes: they compress as well every time.
	for _, name := range slices.Sorted(maps.Keys(e.Request.Header)) {
		h.Request.Header = append(h.Request.Header, texts(append([]string{name}, e.Request.Header[name]...)))
	}
	for i := range e.Parts {
		h.Parts = append(append(h.Parts, e.Parts[i].Identity[:]...), e.Parts[i].Digest[:]...)
	}
	for _, r := range e.Runs {
		h.Runs = append(h.Runs, runHead{At: stampOf(r.At), Reason: text(r.Reason), Err: text(r.Err),
			Did: receiverHeads(r.Receivers)})
	}
	return h
}

func receiverHeads(all []Receiver) []receiverHead {
	var heads []receiverHead
	for _, r := range all {
		heads = append(heads, receiverHead{Name: text(r.Name), Pattern: text(r.Pattern), Took: r.Took,
			Reason: text(r.Reason), Err: text(r.Err)})
	}
	return heads
}

func receiversIn(heads []receiverHead) []Receiver {
	var all []Receiver
	for _, h := range heads {
		all = append(all, Receiver{Name: string(h.Name), Pattern: string(h.Pattern), Took: h.Took,
			Reason: reason.Reason(h.Reason), Err: string(h.Err)})
	}
	return all
}

// entry returns the entry that headOf was made of, but for the body.
func (h *head) entry() (*Entry, error) {
	e := &Entry{
		ID: h.ID, Revision: h.Revision, State: h.State, Kind: h.Kind,
		Endpoint: string(h.Endpoint), Provider: string(h.Provider), Tenant: string(h.Tenant), Scope: string(h.Scope),
		EventID: string(h.EventID), Type: string(h.Type), Action: string(h.Action), Time: h.Time.time(),
		Attempt: h.Attempt, Authenticated: h.Proved, Secret: string(h.Secret),
		Token: h.Token, Reason: reason.Reason(h.Reason), Err: string(h.Err),
		Finished: plain(h.Finished), Outer: plain(h.Outer), Receivers: receiversIn(h.Did),
		First: h.First.time(), Last: h.Last.time(), Changed: h.Changed.time(), Attempts: h.Attempts,
		Length: h.Length, Runnable: h.Runnable, WhyNot: string(h.WhyNot), RunCount: h.RunCount, InBatch: h.InBatch,
		Request: Request{
			Method: string(h.Request.Method), URL: string(h.Request.URL), Host: string(h.Request.Host),
			RemoteAddr: string(h.Request.RemoteAddr), TLS: h.Request.TLS, Dropped: plain(h.Request.Dropped),
		},
	}
	for _, line := range h.Request.Header {
		if len(line) == 0 {
			return nil, errors.New("a header without a name")
		}
		if e.Request.Header == nil {
			e.Request.Header = http.Header{}
		}
		e.Request.Header[string(line[0])] = plain(line[1:])
	}
	if len(h.Parts)%partSize != 0 {
		return nil, errors.New("its list of events is cut off")
	}
	for part := range slices.Chunk(h.Parts, partSize) {
		e.Parts = append(e.Parts, Part{[32]byte(part[:32]), [32]byte(part[32:])})
	}
	for _, r := range h.Runs {
		e.Runs = append(e.Runs, Run{At: r.At.time(), Reason: reason.Reason(r.Reason), Err: string(r.Err),
			Receivers: receiversIn(r.Did)})
	}
	return e, errors.Join(fromHex(&e.Identity, h.Identity), fromHex(&e.Digest, h.Digest))
}

// fromHex decodes a hash. It refuses any other length: a short copy would leave zeros, which mean
// "none".
func fromHex(to *[32]byte, s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(to) {
		return fmt.Errorf("a value of %d characters, want 64 hexadecimal digits", len(s))
	}
	copy(to[:], b)
	return nil
}

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
	h := headOf(e)
	h.Revision++
	encoded, err := json.Marshal(h)
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
	var h head
	if err := json.Unmarshal(payload[n:n+int(size)], &h); err != nil {
		return nil, errors.New("its head cannot be read") // encoding/json quotes what it has read
	}
	e, err := h.entry()
	if err != nil {
		return nil, err
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
