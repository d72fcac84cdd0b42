// Package payload reads what a proved body says: the events of a batch, their details, and whom they are for. After the
// proof nothing that is merely unexpected loses a delivery: what is malformed stays empty.
package payload

import (
	"encoding/base64"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Reader reads events as an entry describes them.
//
// It is immutable and shared by all deliveries. What a delivery needs stands in its Source.
type Reader struct {
	spec     *entry.Event
	scan     scan
	at       map[string]int      // the numbers of pointers in what scan finds
	with     []string            // the headers that join a digest
	either   bool                // they are names of one
	identity *jsonscan.Paths     // what events are remembered by; nil: not by members of theirs
	idAt     []int               // the numbers of these in what scan finds
	carried  entry.CustomPayload // takes the payload out of the body; nil: the body is the payload
	payload  *jsonscan.Paths     // the payload's text, and what is read next to it; nil: the body is the payload
	envelope map[string]int
	// envelopeIDs are the places there of what events are remembered by, where the envelope holds that.
	envelopeIDs []int
	forms       *formscan.Names // the fields of a form that are read; nil: a form is not expected
	formAt      map[string]int
	inForm      map[string]*jsonscan.Paths // the pointers into the JSON of such a field
	signedID    bool                       // the event's id is the id that the scheme signs
	apart       []Apart
	later       later

	batch     *entry.Batch    // nil: a delivery is one event
	list      *jsonscan.Paths // to the list of events; nil: the payload itself is the list
	orList    *jsonscan.Paths // to the list of a payload that is not one; nil: that is one event
	inner     *jsonscan.Paths // nil: the items are the events
	recipient *jsonscan.Paths // nil: nothing in the payload says whom it is for
	allowed   []string        // whom it may be for
}

// Open prepares reading from a source. Its events are then read by Read, or from the items of Split.
func (r *Reader) Open(t *Source) {
	r.begin(t)
	body := r.taken(t.Body)
	t.Payload = payloadOf(body)
	if t.Opened != nil && !r.spec.Sealed.Data {
		t.Payload = payloadOf(t.Opened)
	}
	// The header counts only if it is proved. Otherwise an attacker could switch a captured delivery to
	// the other form, and change what its body means.
	t.binary = r.spec.Binary != "" && t.HeadersProved && t.header(r.spec.Binary) != ""
	r.openForm(t)
	if r.payload == nil {
		return
	}
	t.envelope = make([][]byte, r.payload.Len())
	// What is malformed has no envelope. The body stays the payload, and the event reaches the app.
	if r.payload.Read(body, t.envelope) != nil {
		clear(t.envelope)
		return
	}
	text, ok := jsonscan.Bytes(t.envelope[0])
	if ok && r.spec.PayloadBase64 {
		// Strict, so that another text of the same bytes is no payload. The envelope then stays the payload.
		inner, err := base64.StdEncoding.Strict().DecodeString(string(text))
		text, ok = inner, err == nil
	}
	if ok {
		t.Payload = payloadOf(text)
	}
}

// begin sets what neither the mechanism nor the entry's form of payload changes.
func (r *Reader) begin(t *Source) {
	t.names, t.scanned, t.ruled = r.later.headers, false, false
	t.form = r.forms != nil && formscan.Is(t.Body)
}

// taken returns what the body carries, where the mechanism that proves it says so, and else the body.
func (r *Reader) taken(body []byte) []byte {
	if r.carried == nil {
		return body
	}
	if inner, ok := r.carried.Payload(body); ok {
		return inner
	}
	return body
}

// payloadOf returns JSON without the byte order mark that some senders write before it: json.Unmarshal does not read
// it. It returns anything else as it is.
func payloadOf(body []byte) []byte {
	if jsonscan.Starts(body) {
		return jsonscan.TrimMark(body)
	}
	return body
}

// openForm finds what is read from a form, and the payload, if a field of it carries that.
func (r *Reader) openForm(t *Source) {
	if !t.form {
		return
	}
	t.fields = make([]formscan.Field, r.forms.Len())
	if r.forms.Read(t.Body, t.fields) != nil {
		return
	}
	if text, ok := t.fields[0].Bytes(); ok {
		t.Payload = payloadOf(text)
	}
}

// Read reads the details of one event. What is malformed stays empty: after the proof nothing loses a delivery. Names
// are read exactly: a similar name next to a detail does not hide it.
func (r *Reader) Read(t *Source, d *Details) {
	r.readPayload(t, d)
	r.ReadNames(t, d)
	r.readDetails(t, d)
}

// readPayload finds what is read from the payload.
func (r *Reader) readPayload(t *Source, d *Details) {
	d.Payload = t.Payload
	t.scanned, t.ruled, t.malformed = r.scan.details.Len() > 0, false, true
	if found := r.scan.room(t); t.binary {
		clear(found)
	} else if ruled, ok := r.scan.read(d.Payload, found); ok {
		t.ruled, t.malformed = ruled, false
	}
}

// get returns the first of the values that is there, and whether it is proved. It fails closed: where that one comes
// twice there is none, and another value does not take its place.
//
// The second result must be shown next to the text: an app that decides by an unproved detail decides
// by what an attacker wrote.
func (r *Reader) get(list []entry.Value, t *Source) (string, bool) {
	for i := range list {
		text, inBody, twice := r.value(&list[i], t)
		if twice {
			return "", false
		}
		if text != "" {
			return text, (inBody && t.BodyProved) || (!inBody && t.HeadersProved)
		}
	}
	return "", false
}

// ReadNames reads what the event is called, and whose it is.
func (r *Reader) ReadNames(t *Source, d *Details) {
	d.ID, d.Authenticated.ID = r.get(r.spec.ID, t)
	if t.SignedID != "" && (r.signedID || d.ID == t.SignedID) {
		// A provider may have two families of headers. The id of the family that was not signed must not take its
		// place.
		d.ID, d.Authenticated.ID = t.SignedID, true
	}
	d.Type, d.Authenticated.Type = r.get(r.spec.Type, t)
	r.ReadTenant(t, d)
}

// ReadTenant reads whose the event is.
func (r *Reader) ReadTenant(t *Source, d *Details) {
	d.Tenant, d.Authenticated.Tenant = r.get(r.spec.Tenant, t)
}

// readDetails reads what ReadNames leaves out, from what readPayload found.
func (r *Reader) readDetails(t *Source, d *Details) {
	d.Action, _ = r.get(r.spec.Action, t)
	if text, ok := r.get(r.spec.Time, t); text != "" {
		if at, parsed := parseEventTime(r.spec.TimeUnit, text); parsed {
			d.Time, d.Authenticated.Time = at, ok
		}
	}
	if text, _ := r.get(r.spec.Attempt, t); text != "" {
		// The attempt is usually unsigned. It is shown, and must not decide anything.
		if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 1_000_000 {
			d.Attempt = n + r.spec.AttemptBase
		}
	}
	d.Data = d.Payload
	if t.Opened != nil && r.spec.Sealed.Data {
		d.Data = t.Opened
	}
	if r.spec.Data != "" {
		if data := t.found()[r.at[r.spec.Data]]; len(data) > 0 {
			d.Data = data
		}
	}
}
