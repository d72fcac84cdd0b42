package core

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// maxSignedItems is how many items of a list may carry a signature each.
const maxSignedItems = 64

// fromBody reads what of the proof sits in the body, by a bounded scan for the fields the entry names.
func (v *verifier) fromBody(r *http.Request, body []byte, p *presented) failure {
	if !v.readsBody {
		return failure{}
	}
	form := isForm(r.Header.Get("Content-Type"))
	if v.sortedForm != nil {
		if f := v.readSortedForm(form, body, p); f.failed() {
			return f
		}
	}
	if form && v.fromForm {
		return v.fromFormFields(r, body, p)
	}
	if !v.scansJSON {
		return v.needsForm()
	}
	document := body
	if form && v.scheme.Document != "" {
		text, n, ok := formValue(body, v.scheme.Document)
		if !ok || n != 1 {
			return failure{ReasonMalformedSignature, "the form has no field " + v.scheme.Document + ", several, or is malformed"}
		}
		document = []byte(text)
	}
	if v.items == nil {
		return v.fromDocument(r, document, p)
	}
	var list [1][]byte
	if err := v.items.Find(document, list[:]); err != nil {
		return failure{ReasonMalformedSignature, err.Error()}
	}
	items, err := jsonscan.Items(list[0], maxSignedItems)
	if err != nil || len(items) == 0 {
		return failure{ReasonMissingSignature, "the body holds no list of signed items, or one that is malformed or too long"}
	}
	p.items = make([]presented, len(items))
	for i := range items {
		p.items[i].values = make([]fieldValue, len(v.values))
		if f := v.fromDocument(r, items[i], &p.items[i]); f.failed() {
			return f
		}
	}
	return failure{}
}

// needsForm refuses a body that is no form where the proof takes fields of one.
func (v *verifier) needsForm() failure {
	for i := range v.values {
		if v.values[i].kind == entry.PartForm && !v.values[i].optional {
			return failure{ReasonMissingSignature, "the body is no form, and the signature covers a form's fields"}
		}
	}
	if v.inBody {
		return failure{ReasonMissingSignature, "the body is no form, and the signature is a form's field"}
	}
	return failure{}
}

// fromDocument reads the fields of the proof from a JSON document.
func (v *verifier) fromDocument(r *http.Request, document []byte, p *presented) failure {
	raw := make([][]byte, v.paths.Len())
	if err := v.paths.Find(document, raw); err != nil {
		return failure{ReasonMalformedSignature, err.Error()}
	}
	var found [fieldCount]string
	for i := range fieldCount {
		if len(raw[i]) > maxHeaderBytes {
			return failure{ReasonHeaderTooLarge, "a field of the body that carries the signature is too long"}
		}
		found[i], _ = jsonscan.Text(raw[i])
	}
	for i := range v.values {
		want := &v.values[i]
		if want.kind == entry.PartQuery {
			continue // read with the headers
		}
		if want.path < 0 { // a field of a form, and this is none
			if f := want.put(&p.values[i], "", false); f.failed() {
				return f
			}
			continue
		}
		text, ok := jsonscan.Text(raw[want.path])
		if value := raw[want.path]; !ok && len(value) > 0 && value[0] != 'n' {
			return failure{ReasonMalformedSignature, "the signed value of " + want.text + " is no text"}
		}
		if f := want.put(&p.values[i], text, ok); f.failed() {
			return f
		}
	}
	if v.replaced {
		// Between the quotes, so that the secret takes the place of the text and of nothing else.
		value := raw[fieldSignature]
		if len(value) < 2 || value[0] != '"' {
			return failure{ReasonMissingSignature, "the body carries no signature"}
		}
		at := cap(document) - cap(value)
		p.replaced = [2]int{at + 1, at + len(value) - 1}
	}
	return v.take(r, &found, p)
}

// fromFormFields reads the fields of the proof from a form.
func (v *verifier) fromFormFields(r *http.Request, body []byte, p *presented) failure {
	var found [fieldCount]string
	twice := failure{ReasonMalformedSignature, "a field of the form that carries the signature comes twice"}
	malformed := failure{ReasonMalformedSignature, "the form in the body is malformed"}
	for i := range fieldCount {
		name := v.field(i).Form
		if name == "" {
			continue
		}
		value, n, ok := formValue(body, name)
		if !ok {
			return malformed
		}
		if n > 1 {
			return twice
		}
		found[i] = value
	}
	for i := range v.values {
		want := &v.values[i]
		if want.kind == entry.PartQuery {
			continue // read with the headers
		}
		if want.kind != entry.PartForm { // a member of JSON, and this is none
			if f := want.put(&p.values[i], "", false); f.failed() {
				return f
			}
			continue
		}
		value, n, ok := formValue(body, want.text)
		if !ok {
			return malformed
		}
		if n > 1 {
			return twice
		}
		if f := want.put(&p.values[i], value, n == 1); f.failed() {
			return f
		}
	}
	return v.take(r, &found, p)
}

// take notes the fields that were found in the body, and parses the signature if it is one of them.
func (v *verifier) take(r *http.Request, found *[fieldCount]string, p *presented) failure {
	if v.lateTime {
		p.timestamp = found[fieldTimestamp]
	}
	if v.scheme.ID.JSON != "" || v.scheme.ID.Form != "" {
		p.id = found[fieldID]
	}
	if found[fieldKeyRef] != "" {
		p.keyRef = found[fieldKeyRef]
	}
	if !v.inBody {
		return v.checkID(p)
	}
	if f := v.fieldsBeside(r, v.headers[0], p); f.failed() {
		return f
	}
	if found[fieldVersion] != "" {
		p.version = found[fieldVersion]
	}
	if found[fieldSignature] == "" {
		return failure{ReasonMissingSignature, "the body carries no signature"}
	}
	var t tally
	p.signatures.n = 0
	if f := v.parseSignatures(found[fieldSignature], p, &t); f.failed() {
		return f
	}
	if f := v.judgeTally(p, &t); f.failed() {
		return f
	}
	return v.checkID(p)
}
