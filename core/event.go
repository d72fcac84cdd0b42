package core

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Event is one thing that happened, told in a verified delivery. It is a value: copy it freely. What its fields hold
// is the provider's own text, whole; Authenticated says which of them the signature or the credential vouches for.
type Event struct {
	Endpoint string    // the endpoint that received it
	Provider string    // the provider's name
	ID       string    // the provider's id of the event or delivery; may be empty
	Type     string    // the provider's name of what happened; may be empty
	Action   string    // a finer name, where the provider has one (GitHub's "opened")
	Tenant   string    // whose it is: the key of Config.Tenant, else what the provider says; may be empty
	Time     time.Time // when it happened, zero where the provider does not say
	Attempt  int       // which attempt of the provider this is, from 1; 0 where it does not say
	// Payload is the whole event as sent; for a form that carries JSON in a field, that JSON. A byte order mark before
	// JSON is left out, because json.Unmarshal does not read it; the request's body has it.
	Payload  []byte
	Data     []byte   // the object the event is about, where the provider's place for it is known; else Payload
	Identity Identity // what the event is remembered by
	Secret   string   // the label of the secret that matched

	Authenticated Authenticated
	// Unproved says that the delivery's signature or credential failed, and that it was let through because that check
	// only reports (Config.DangerouslyReportOnly): anybody may have sent it. It has no identity and is not remembered.
	Unproved bool

	run *eventRun
}

// Authenticated says which details of an event the proof covers. What it does not cover, whoever captured a delivery
// could have changed: GitHub's event type and Shopify's topic and shop come from headers that no signature covers.
type Authenticated struct{ ID, Type, Time, Tenant bool }

// eventRun is one receiver's hold on its event's delivery.
type eventRun struct {
	ctx     context.Context
	answer  *answer
	context signalContext
	own     answer // where the receivers' answer stands; those of one event share it
}

// answer is what the receivers of an event answered.
type answer struct {
	mu       sync.Mutex // an app may answer from a goroutine of its own
	response *response
}

type response struct {
	status      int
	contentType string
	body        []byte
}

// Context is the signal's context, the same in every router. It carries the request's values, and is not cancelled
// when the provider hangs up. It ends when the claim on the event ends, or at the app's own earlier deadline.
func (e Event) Context() context.Context {
	if e.run == nil || e.run.ctx == nil {
		return context.Background()
	}
	return e.run.ctx
}

// ErrBadResponse is returned by [Event.Respond] for a status that is not 200 to 299.
var ErrBadResponse = errors.New("sallyport: a signal's response needs a status of 200 to 299; return an error to refuse the event")

// Respond sets the answer to the delivery, for providers that act on it (TwiML, Slack, Discord, Teams). It is put out
// after the event is committed, and not at all if any receiver fails. The last call wins.
func (e Event) Respond(status int, contentType string, body []byte) error {
	if status < 200 || status > 299 {
		return ErrBadResponse
	}
	if e.run != nil {
		a := e.run.answer
		a.mu.Lock()
		defer a.mu.Unlock()
		a.response = &response{status: status, contentType: contentType, body: append([]byte(nil), body...)}
	}
	return nil
}

// eventReader is an entry's compiled instructions for reading an event.
type eventReader struct {
	spec     *entry.Event
	paths    *jsonscan.Paths
	at       map[string]int
	with     []string        // the headers that join a digest
	either   bool            // they are names of one
	identity *jsonscan.Paths // what events are remembered by; nil: not by members of theirs
	idAt     []int           // where that is in what paths finds
	payload  *jsonscan.Paths // the text that is the payload, and what is read from its envelope; nil: the body is the payload
	envelope map[string]int
	forms    *formscan.Names // the fields of a form that are read; nil: a form is not expected
	formAt   map[string]int
	inForm   map[string]*jsonscan.Paths // the pointers into the JSON of such a field
	signedID bool                       // the event's id is the id that the scheme signs
	early    bool                       // see laterDetails
	apart    aparts
}

func newEventReader(e *entry.Entry, digestOnly bool) *eventReader {
	spec, scheme := canonicalEvent(&e.Event), e.Scheme
	er := &eventReader{spec: spec, at: map[string]int{}, with: httpfield.CanonicalNames(e.Identity.With), either: e.Identity.Either, apart: compileAparts(e, digestOnly)}
	if scheme != nil && len(spec.ID) > 0 {
		first := &spec.ID[0]
		er.signedID = first.Header != "" && slices.Contains(httpfield.CanonicalNames(scheme.ID.Headers), first.Header) ||
			first.JSON != "" && first.JSON == scheme.ID.JSON
	}
	var pointers []string
	add := func(pointer string) {
		if pointer == "" {
			return
		}
		if _, ok := er.at[pointer]; !ok {
			er.at[pointer] = len(pointers)
			pointers = append(pointers, pointer)
		}
	}
	for _, list := range spec.Values() {
		for _, v := range list {
			add(v.JSON)
			add(v.With)
		}
	}
	add(spec.Data)
	if e.Identity.Kind == entry.ByPointer {
		named := append([]string{e.Identity.Pointer}, e.Identity.And...)
		er.identity = jsonscan.Compile(named...)
		for _, pointer := range named {
			add(pointer)
			er.idAt = append(er.idAt, er.at[pointer])
		}
	}
	er.paths = jsonscan.Compile(pointers...)
	er.early = namedByHeaders(e)
	er.compileForms(e)
	if spec.PayloadJSON != "" {
		er.payload = er.compileEnvelope()
	}
	return er
}

// compileForms puts the payload's field first. An entry whose identity depends on whether the body is a form reads
// forms too.
func (er *eventReader) compileForms(e *entry.Entry) {
	names := []string{er.spec.PayloadForm}
	er.formAt, er.inForm = map[string]int{}, map[string]*jsonscan.Paths{}
	for _, list := range er.spec.Values() {
		for _, v := range list {
			if v.Form == "" {
				continue
			}
			er.formAt[v.Form] = len(names)
			names = append(names, v.Form)
			if v.InForm != "" {
				er.inForm[v.InForm] = jsonscan.Compile(v.InForm)
			}
		}
	}
	if len(names) > 1 || names[0] != "" || e.Identity.NoneForForms {
		er.forms = formscan.Compile(names...)
	}
}

// compileEnvelope puts the payload first.
func (er *eventReader) compileEnvelope() *jsonscan.Paths {
	er.envelope = map[string]int{}
	pointers := []string{er.spec.PayloadJSON}
	for _, list := range er.spec.Values() {
		for _, v := range list {
			if _, known := er.envelope[v.Envelope]; v.Envelope != "" && !known {
				er.envelope[v.Envelope] = len(pointers)
				pointers = append(pointers, v.Envelope)
			}
		}
	}
	return jsonscan.Compile(pointers...)
}

// told is what the details of a delivery's events are read from.
type told struct {
	headers       http.Header
	body          []byte
	payload       []byte
	form          bool // the body is a form, and the entry reads forms
	fields        []formscan.Field
	bodyProved    bool
	headersProved bool
	signedID      string
	scope         string // the tenant, as it is part of identities
	request       *http.Request
	inspection    *inspection // nil where the delivery is read later
	presented     *presented  // what was proved; nil: no signature was
	timestamp     string      // that is signed
	envelope      [][]byte    // what was found in the payload's envelope
	bare          bool        // the payload is the object itself, and headers say the rest
	malformed     bool        // the payload is no JSON; also where bare: nothing is read from it
	room          [16][]byte  // what was found in the payload; empty where that is malformed
	more          [][]byte    // instead of room, for an entry that reads more than fits
}

// found is what was found in the payload, by the numbers of the reader's paths. It is no field: told would point to
// itself, and could not stand on a stack.
func (t *told) found() [][]byte {
	if t.more != nil {
		return t.more
	}
	return t.room[:]
}

func (er *eventReader) open(t *told) {
	t.form = er.forms != nil && formscan.Is(t.body)
	t.payload = payloadOf(t.body)
	t.bare = er.spec.Binary != "" && t.headersProved && header(t.headers, er.spec.Binary) != ""
	if !er.early {
		er.openForm(t)
	}
	if er.payload == nil {
		return
	}
	t.envelope = make([][]byte, er.payload.Len())
	if er.payload.Read(t.body, t.envelope) != nil {
		clear(t.envelope)
		return
	}
	if text, ok := jsonscan.Bytes(t.envelope[0]); ok {
		t.payload = payloadOf(text)
	}
}

// payloadOf returns JSON without the byte order mark that some senders write before it, so that json.Unmarshal reads
// it, and anything else as it is.
func payloadOf(body []byte) []byte {
	if jsonscan.Starts(body) {
		return jsonscan.TrimMark(body)
	}
	return body
}

// openForm finds what is read from a form, and the payload, if a field of it carries that.
func (er *eventReader) openForm(t *told) {
	if !t.form {
		return
	}
	t.fields = make([]formscan.Field, er.forms.Len())
	if er.forms.Read(t.body, t.fields) != nil {
		return
	}
	if text, ok := t.fields[0].Bytes(); ok {
		t.payload = payloadOf(text)
	}
}

// read fills in what the delivery says. Whatever is malformed stays empty: after the proof nothing loses a delivery. It
// reads exact names, so that nothing that stands next to a detail hides it.
func (er *eventReader) read(t *told, e *Event) {
	er.readPayload(t, e)
	er.readNames(t, e)
	er.readDetails(t, e)
}

// readPayload finds what is read from the payload.
func (er *eventReader) readPayload(t *told, e *Event) {
	e.Payload = t.payload
	n := er.paths.Len()
	if n > len(t.room) && t.more == nil {
		t.more = make([][]byte, n)
	}
	found := t.found()[:n]
	t.malformed = t.bare || (n > 0 && er.paths.Read(e.Payload, found) != nil)
	if t.malformed {
		clear(found)
	}
}

// get returns the first of the values that is there, and whether it is proved. Where that one comes twice there is
// none: another value must not take its place.
func (er *eventReader) get(list []entry.Value, t *told) (string, bool) {
	for i := range list {
		text, inBody, twice := er.value(&list[i], t)
		if twice {
			return "", false
		}
		if text != "" {
			return text, (inBody && t.bodyProved) || (!inBody && t.headersProved)
		}
	}
	return "", false
}

// readNames reads what the event is called, and whose it is.
func (er *eventReader) readNames(t *told, e *Event) {
	e.ID, e.Authenticated.ID = er.get(er.spec.ID, t)
	if t.signedID != "" && (er.signedID || e.ID == t.signedID) {
		// Where a provider has two families of headers, one of the family that was not signed may not stand in.
		e.ID, e.Authenticated.ID = t.signedID, true
	}
	e.Type, e.Authenticated.Type = er.get(er.spec.Type, t)
	e.Tenant, e.Authenticated.Tenant = er.get(er.spec.Tenant, t)
}

// readDetails reads the rest.
func (er *eventReader) readDetails(t *told, e *Event) {
	e.Action, _ = er.get(er.spec.Action, t)
	if text, ok := er.get(er.spec.Time, t); text != "" {
		if at, parsed := parseEventTime(er.spec.TimeUnit, text); parsed {
			e.Time, e.Authenticated.Time = at, ok
		}
	}
	if text, _ := er.get(er.spec.Attempt, t); text != "" {
		if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 1_000_000 {
			e.Attempt = n + er.spec.AttemptBase
		}
	}
	e.Data = e.Payload
	if er.spec.Data != "" {
		if d := t.found()[er.at[er.spec.Data]]; len(d) > 0 {
			e.Data = d
		}
	}
}

// header is Header.Get of a canonical name, which that would spell anew each time.
func header(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// joins gives the headers that join a digest: of several names of one header only the first that came.
func (er *eventReader) joins(h http.Header) []string {
	if !er.either {
		return er.with
	}
	n := max(slices.IndexFunc(er.with, func(name string) bool { return headerText(h, name) != "" }), 0)
	return er.with[n : n+1]
}

// canonicalEvent is a copy whose names of headers are spelled as a request's are.
func canonicalEvent(e *entry.Event) *entry.Event {
	out := *e
	for _, list := range []*[]entry.Value{&out.ID, &out.Type, &out.Action, &out.Time, &out.Attempt, &out.Tenant} {
		*list = slices.Clone(*list)
		for i := range *list {
			v := &(*list)[i]
			v.Header = http.CanonicalHeaderKey(v.Header)
		}
	}
	out.Binary = http.CanonicalHeaderKey(out.Binary)
	return &out
}

// identityIn returns the values that the event is remembered by; nil where the payload does not hold them, or where one
// of them comes twice. They may stand in the room.
func (er *eventReader) identityIn(t *told, room [][]byte) [][]byte {
	switch {
	case t.bare: // nothing was read of the payload
		raw := make([][]byte, len(er.idAt))
		if er.identity.Read(t.payload, raw) != nil {
			return nil
		}
		room = append(room, raw...)
	case t.malformed:
		return nil
	default:
		for _, at := range er.idAt {
			room = append(room, t.found()[at])
		}
	}
	if slices.ContainsFunc(room, jsonscan.Twice) {
		return nil
	}
	return room
}

// value returns a value, and whether it comes from the body. twice reports that the body holds it more than once.
func (er *eventReader) value(v *entry.Value, t *told) (text string, inBody, twice bool) {
	var raw []byte
	if v.With != "" && len(t.found()[er.at[v.With]]) == 0 {
		return "", false, false
	}
	switch {
	case v.JSON != "" && v.Const != "":
		if raw = t.found()[er.at[v.JSON]]; len(raw) > 0 {
			text = v.Const
		}
		return text, true, jsonscan.Twice(raw)
	case v.Header != "":
		return headerText(t.headers, v.Header), false, false
	case v.JSON != "":
		raw = t.found()[er.at[v.JSON]]
	case v.Query != "" && t.request != nil:
		text, n, err := httpfield.QueryValue(t.request.URL.RawQuery, v.Query)
		if err != nil {
			return "", false, false
		}
		return text, false, n > 1
	case v.Envelope != "" && t.envelope != nil:
		raw = t.envelope[er.envelope[v.Envelope]]
	case v.FirstKey != "":
		text, _ = jsonscan.FirstKey(t.payload, v.FirstKey, v.NotKeys)
		return text, true, false
	case v.Form != "" && t.fields != nil:
		return er.formText(v, &t.fields[er.formAt[v.Form]])
	default:
		return "", false, false
	}
	text, _ = jsonscan.Text(raw)
	return text, true, jsonscan.Twice(raw)
}

// formText returns a value that a field of a form says.
func (er *eventReader) formText(v *entry.Value, field *formscan.Field) (text string, inBody, twice bool) {
	value, ok := field.Bytes()
	switch {
	case !ok:
		return "", true, field.Count > 1
	case v.Const != "":
		return v.Const, true, false
	case v.InForm == "":
		return string(value), true, false
	}
	var one [1][]byte
	if er.inForm[v.InForm].Read(value, one[:]) != nil {
		return "", true, false
	}
	text, _ = jsonscan.Text(one[0])
	return text, true, jsonscan.Twice(one[0])
}

// parseEventTime is lenient where [parseTimestamp] is strict: nothing is decided by an event's own time.
func parseEventTime(unit entry.Unit, text string) (time.Time, bool) {
	if unit == entry.SecondsOrRFC3339 {
		unit = entry.Seconds
		if strings.Contains(text, "T") {
			unit = entry.RFC3339
		}
	}
	if unit == entry.DateTimeInUTC {
		t, err := time.Parse(time.DateTime, text)
		return t, err == nil
	}
	if unit == entry.RFC3339 || unit == entry.RFC3339InUTC {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil && unit == entry.RFC3339InUTC {
			t, err = time.Parse("2006-01-02T15:04:05", text) // and a fraction, if there is one
		}
		return t, err == nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1e14 {
		return time.Time{}, false
	}
	if unit == entry.Milliseconds || (unit == entry.SecondsOrMilliseconds && n > 99_999_999_999) { // the year 5138
		return time.UnixMilli(int64(n)).UTC(), true
	}
	return time.UnixMicro(int64(n * 1e6)).UTC(), true
}
