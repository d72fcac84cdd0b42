package email

import (
	"bytes"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// table says where a sender writes each field of an event. Places are JSON pointers into one event; the first that
// holds a value wins.
type table struct {
	kind  []string // the sender's own name of what happened
	types map[string]meaning

	id, message, recipient, at, tags, metadata []string
	description, response, agent, url          []string

	unit unit
	also []string // what finish reads besides
	// finish completes an event with what no table holds. It decides whether it is one.
	finish func(*doc, *Event) verdict
	// several returns one event a recipient, made of the one that was read; nil: it stays one.
	several func(*doc, Event) []Event
	// open replaces the document by the part of it that is the event; nil: all of it. ok is false where there is none.
	open func(payload []byte) (event []byte, v verdict)

	// batch returns the lists of events in a payload that no guard has split; nil: it is one event.
	batch func(payload []byte) [][]byte

	paths *jsonscan.Paths
	index map[string]int
}

// meaning is what a sender's name stands for.
type meaning struct {
	Type   Type
	Reason Reason
}

// verdict is what a payload is.
type verdict uint8

const (
	isEvent   verdict = iota
	isNothing         // a ping, a test, or what is not about mail that was sent
	isInbound         // a message that came in, and belongs to another endpoint
	isOdd             // not what the sender documents: one event of the type Unknown
)

// compile makes the table ready for use. It is never changed afterwards.
func (t table) compile() *table {
	t.index = map[string]int{}
	var pointers []string
	for _, list := range [][]string{
		t.kind, t.id, t.message, t.recipient, t.at, t.tags, t.metadata, t.description, t.response, t.agent, t.url,
		t.also,
	} {
		for _, pointer := range list {
			if _, known := t.index[pointer]; !known {
				t.index[pointer] = len(pointers)
				pointers = append(pointers, pointer)
			}
		}
	}
	t.paths = jsonscan.Compile(pointers...)
	return &t
}

// doc is one event of a sender, and what was found in it.
type doc struct {
	table *table
	event *core.Event
	wish  Options
	raw   []byte
	found [][]byte
}

// read normalises one payload.
func (t *table) read(e *core.Event, payload []byte, o Options) ([]Event, error) {
	raw := payload
	if t.open != nil {
		var v verdict
		if raw, v = t.open(payload); v != isEvent {
			return t.conclude(e, payload, v)
		}
	}
	d := doc{table: t, event: e, wish: o, raw: raw, found: make([][]byte, t.paths.Len())}
	if !isObject(raw) || t.paths.Read(raw, d.found) != nil {
		return t.conclude(e, payload, isOdd)
	}
	out := Event{Type: Unknown, Raw: payload}
	d.fill(&out)
	if t.finish != nil {
		if v := t.finish(&d, &out); v != isEvent {
			return t.conclude(e, payload, v)
		}
	}
	if t.several != nil {
		return t.several(&d, out), nil
	}
	return []Event{out}, nil
}

func (t *table) conclude(e *core.Event, payload []byte, v verdict) ([]Event, error) {
	switch v {
	case isNothing:
		return nil, nil
	case isInbound:
		return nil, inboundHere(e.Provider)
	default:
		return []Event{{Type: Unknown, Raw: payload}}, nil
	}
}

// fill reads what the table has a place for.
func (d *doc) fill(e *Event) {
	t := d.table
	if kind, ok := d.first(t.kind); ok {
		if m, known := t.types[kind]; known {
			e.Type, e.RejectReason = m.Type, m.Reason
		}
	}
	for _, f := range [...]struct {
		field  field
		places []string
	}{
		{fieldEventID, t.id}, {fieldMessageID, t.message}, {fieldRecipient, t.recipient}, {fieldDescription,
			t.description},
		{fieldMTAResponse, t.response}, {fieldUserAgent, t.agent}, {fieldClickURL, t.url},
	} {
		if text, ok := d.first(f.places); ok {
			e.set(f.field, text)
		}
	}
	if text, ok := d.first(t.at); ok {
		e.Timestamp = t.unit.read(text)
	}
	for _, place := range t.tags {
		if e.Tags = tagsOf(d.at(place)); e.Tags != nil {
			break
		}
	}
	for _, place := range t.metadata {
		if e.Metadata = objectOf(d.at(place)); e.Metadata != nil {
			break
		}
	}
}

// at returns the raw JSON at a place; empty where there is none.
func (d *doc) at(place string) []byte {
	if i, ok := d.table.index[place]; ok {
		return d.found[i]
	}
	return nil
}

// text returns the text, number or boolean at a place.
func (d *doc) text(place string) (string, bool) { return jsonscan.Text(d.at(place)) }

// str is text where absent and empty are one.
func (d *doc) str(place string) string {
	text, _ := d.text(place)
	return text
}

// has reports whether a member is there, null or not.
func (d *doc) has(place string) bool { return len(d.at(place)) > 0 }

// filled reports whether a member is there and holds something: neither null nor nothing.
func (d *doc) filled(place string) bool {
	switch raw := d.at(place); string(raw) {
	case "", "null", "false", `""`, "[]", "{}", "0":
		return false
	default:
		return true
	}
}

func (d *doc) first(places []string) (string, bool) {
	for _, place := range places {
		if text, ok := d.text(place); ok {
			return text, true
		}
	}
	return "", false
}

func isObject(raw []byte) bool {
	raw = bytes.TrimLeft(jsonscan.TrimMark(raw), " \t\r\n")
	return len(raw) > 0 && raw[0] == '{'
}

func isList(raw []byte) bool {
	raw = bytes.TrimLeft(jsonscan.TrimMark(raw), " \t\r\n")
	return len(raw) > 0 && raw[0] == '['
}
