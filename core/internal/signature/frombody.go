package signature

import (
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxSignedItems is how many items of a list may carry a signature each.
//
// Each item costs one verification for each key, before anything is proved.
const maxSignedItems = 64

// fromBody reads the claims in the body, by a bounded scan for the fields that the entry names.
//
// What it reads are claims. They choose what is compared, and never whether it is. A list without items
// is refused: with nothing to verify, a loop over its items would accept everything. Every item gets
// claims of its own, so that no value of one item can complete the proof of another.
func (v *Verifier) fromBody(in *Input) fault.Failure {
	p := in.Claims
	if !v.readsBody {
		return fault.Failure{}
	}
	// The body alone says whether it is a form or JSON: the Content-Type is not signed.
	if v.sortedForm != nil {
		if f := v.readSortedForm(in.Body, p); f.Failed() {
			return f
		}
	}
	if v.payloadField != "" {
		if f := v.readPayloadField(in.Body, p); f.Failed() {
			return f
		}
	}
	form := formscan.Is(in.Body)
	if form && v.fromForm {
		return v.fromFormFields(in)
	}
	if !v.scansJSON {
		return v.needsForm()
	}
	document := in.Body
	if form && v.document != nil {
		var field [1]formscan.Field
		err := v.document.Find(in.Body, field[:])
		text, ok := field[0].Bytes()
		if err != nil || !ok {
			return fault.New(reason.MalformedSignature,
				"the form has no field "+v.scheme.Document+", several, or is malformed")
		}
		document = text
	}
	if v.items == nil {
		return v.fromDocument(in, document)
	}
	var list [1][]byte
	if err := v.items.Find(document, list[:]); err != nil {
		return fault.New(reason.MalformedSignature, notJSON(document, err))
	}
	var items [][]byte
	err := jsonscan.Each(list[0], maxSignedItems, func(item []byte) error {
		items = append(items, item)
		return nil
	})
	if err != nil || len(items) == 0 {
		return fault.New(reason.MissingSignature,
			"the body holds no list of signed items, or one that is malformed or too long")
	}
	p.items = make([]Claims, len(items))
	for i := range items {
		p.items[i].values = make([]fieldValue, len(v.values))
		item := in.with(&p.items[i])
		if f := v.fromDocument(&item, items[i]); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// readPayloadField finds the value that is signed in place of a form. It fails closed: the form must have this field
// alone, because no signature covers another one.
func (v *Verifier) readPayloadField(body []byte, p *Claims) fault.Failure {
	// nil says that the whole body is signed. A value left from another delivery would be verified in
	// place of this body.
	p.Payload = nil
	if !isSortableForm(body) {
		return fault.Failure{}
	}
	fields, value, ok := 0, []byte(nil), true
	formscan.Each(body, func(name, text []byte) bool {
		fields++
		// A second field ends the scan. An app that reads the form would see it, and no signature
		// covers it.
		if ok = fields == 1 && string(name) == v.payloadField; ok {
			value, ok = formscan.Unescape(text)
		}
		return ok
	})
	if !ok {
		return fault.New(reason.MalformedSignature,
			"the form must have the one field "+v.payloadField+", whose value is signed")
	}
	p.Payload = value
	return fault.Failure{}
}

// needsForm refuses a body that is not a form where the proof needs fields of one.
func (v *Verifier) needsForm() fault.Failure {
	for i := range v.values {
		if v.values[i].kind == entry.PartForm && !v.values[i].optional {
			return fault.New(reason.MissingSignature, notAForm)
		}
	}
	if v.inBody {
		return fault.New(reason.MissingSignature, "the body is not a form, but the signature is a form field")
	}
	return fault.Failure{}
}

// fromDocument reads the claims in a JSON document.
//
// It reads each value once, from the place that the entry names. A member that comes twice is
// malformed: the scan refuses it, because readers differ in which one they take.
func (v *Verifier) fromDocument(in *Input, document []byte) fault.Failure {
	p := in.Claims
	raw := make([][]byte, v.paths.Len())
	if err := v.paths.Find(document, raw); err != nil {
		return fault.New(reason.MalformedSignature, notJSON(document, err))
	}
	var found [fieldCount]string
	for i := range fieldCount {
		// The same limit as for a header bounds what is decoded before anything is proved.
		if len(raw[i]) > httpfield.MaxHeaderBytes {
			return fault.New(reason.HeaderTooLarge, "a field of the body that carries the signature is too long")
		}
		found[i], _ = jsonscan.Text(raw[i])
	}
	for i := range v.values {
		want := &v.values[i]
		if want.kind == entry.PartQuery || want.kind == entry.PartPair {
			continue // read with the head
		}
		if want.path < 0 { // a form field, but this body is not a form
			if f := want.put(&p.values[i], "", false); f.Failed() {
				return f
			}
			continue
		}
		text, ok := jsonscan.Text(raw[want.path])
		// null counts as absent, as senders mean it. Any other value that is not text could be written
		// in several forms, of which one is signed.
		if value := raw[want.path]; !ok && len(value) > 0 && value[0] != 'n' {
			return fault.New(reason.MalformedSignature, "the signed value of "+want.text+" is not text")
		}
		if f := want.put(&p.values[i], text, ok); f.Failed() {
			return f
		}
	}
	if v.replaced {
		// Between the quotes, so that the secret takes the place of the text and of nothing else.
		value := raw[fieldSignature]
		if len(value) < 2 || value[0] != '"' {
			return fault.New(reason.MissingSignature, unsignedBody)
		}
		// The place follows from the capacities: value is a slice of document, and both end at the same
		// array. A copy of the value would give a wrong place.
		at := cap(document) - cap(value)
		p.replaced = [2]int{at + 1, at + len(value) - 1}
	}
	return v.take(in, &found)
}

// unsignedBody says what to look for where the signature stands in the body.
const unsignedBody = "the body carries no signature: set the secret at the provider, or see who else sends to this URL"

// notJSON returns what is wrong with a document that must be JSON.
//
// It looks at the first byte and at the form only. The text goes into a refusal and quotes nothing that
// the sender wrote.
func notJSON(document []byte, err error) string {
	if formscan.Is(document) {
		return "the body is a form: choose JSON as the format at the provider"
	}
	if len(document) > 0 && document[0] == '<' {
		return "the body is XML: choose JSON as the format at the provider"
	}
	return err.Error()
}

// fromFormFields reads the claims in a form, in one pass.
func (v *Verifier) fromFormFields(in *Input) fault.Failure {
	p := in.Claims
	var room [16]formscan.Field
	fields := room[:]
	if n := v.formNames.Len(); n > len(fields) {
		fields = make([]formscan.Field, n)
	}
	if err := v.formNames.Find(in.Body, fields[:v.formNames.Len()]); err != nil {
		return fault.New(reason.MalformedSignature, err.Error())
	}
	// Fails closed: a field that repeats is one value for the proof, and perhaps another for the app.
	for i := range fields {
		if fields[i].Count > 1 {
			return fault.New(reason.MalformedSignature, "a field of the form that carries the signature comes twice")
		}
	}
	var found [fieldCount]string
	for i := range found {
		found[i], _ = fields[i].Once()
		if len(found[i]) > httpfield.MaxHeaderBytes {
			return fault.New(reason.HeaderTooLarge, "a field of the form that carries the signature is too long")
		}
	}
	for i := range v.values {
		want := &v.values[i]
		if want.kind == entry.PartQuery || want.kind == entry.PartPair {
			continue // read with the head
		}
		// A member of JSON is not in a form: it is absent.
		text, present := fields[fieldCount+i].Once()
		if f := want.put(&p.values[i], text, present); f.Failed() {
			return f
		}
	}
	return v.take(in, &found)
}

// compileForm compiles the names of the form's fields: first those of the scheme, then those of the values.
func (v *Verifier) compileForm() {
	names := make([]string, fieldCount+len(v.values))
	for i := range fieldCount {
		names[i] = v.field(i).Form
	}
	for i := range v.values {
		if v.values[i].kind == entry.PartForm {
			names[fieldCount+i] = v.values[i].text
		}
	}
	v.formNames = formscan.Compile(names...)
	if v.scheme.Document != "" {
		v.document = formscan.Compile(v.scheme.Document)
	}
}

// take stores the fields that were found in the body, and parses the signature if it is one of them.
func (v *Verifier) take(in *Input, found *[fieldCount]string) fault.Failure {
	p := in.Claims
	if v.timeInBody {
		p.Timestamp = found[fieldTimestamp]
	}
	if v.scheme.ID.JSON != "" || v.scheme.ID.Form != "" {
		p.ID = found[fieldID]
	}
	// A header may have named the key before. The body's reference replaces it, and the source checks
	// either.
	if found[fieldKeyRef] != "" {
		p.keyRef = found[fieldKeyRef]
	}
	if !v.inBody {
		return v.checkID(p)
	}
	if f := v.ownHeaders(in.Request, v.headers[0], p); f.Failed() {
		return f
	}
	if found[fieldVersion] != "" {
		p.version = found[fieldVersion]
	}
	// Fails closed. An empty list of candidates would match nothing as well, with a less helpful
	// reason.
	if found[fieldSignature] == "" {
		return fault.New(reason.MissingSignature, unsignedBody)
	}
	var t tally
	// The body may be read a second time. Candidates of the first reading must not count twice against
	// the limit.
	p.signatures.n = 0
	if f := v.parseSignatures(found[fieldSignature], p, &t); f.Failed() {
		return f
	}
	if f := v.anySignature(p, &t); f.Failed() {
		return f
	}
	return v.checkID(p)
}
