package payload

import (
	"net/http"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// New compiles what an entry says of its events. With digestOnly, only what is proved distinguishes events whose bodies
// are equal.
//
// The Reader does not change afterwards, so deliveries share it without a lock.
func New(e *entry.Entry, digestOnly bool) *Reader {
	spec, scheme := canonicalEvent(&e.Event), e.Scheme
	p := &pointers{at: map[string]int{}}
	r := &Reader{
		spec: spec, at: p.at, with: httpfield.CanonicalNames(e.Identity.With), either: e.Identity.Either,
	}
	if scheme != nil && len(spec.ID) > 0 {
		first := &spec.ID[0]
		// Only the first place of the id counts: an id from a second place is not what the scheme
		// signs.
		r.signedID = first.Header != "" && slices.Contains(httpfield.CanonicalNames(scheme.ID.Headers), first.Header) ||
			first.JSON != "" && first.JSON == scheme.ID.JSON
	}
	add := func(pointer string) {
		if pointer != "" {
			p.add(pointer)
		}
	}
	for _, list := range spec.Values() {
		for _, v := range list {
			add(v.JSON)
			add(v.With)
		}
	}
	add(spec.Data)
	if named := e.Identity.Pointers(); named != nil && !e.Identity.InEnvelope {
		r.identity = jsonscan.Compile(named...)
		r.idAt = p.addAll(named)
	}
	details := len(p.list)
	r.apart = compileAparts(e, digestOnly, p)
	r.scan = compileScan(p, details, r.apart)
	if scheme != nil && scheme.Custom != nil && scheme.Custom.Traits().Payload {
		r.carried, _ = scheme.Custom.(entry.CustomPayload)
	}
	r.later = r.compileLater(e)
	r.compileForms(e)
	if spec.PayloadJSON != "" {
		r.payload = r.compileEnvelope(e)
	}
	r.compileBatch(e)
	return r
}

// compileForms compiles the fields of a form that are read, the payload's first. An entry whose identity depends on
// whether the body is a form reads forms too.
//
// Index 0 is always the payload's field, even if it has no name: openForm relies on that.
func (r *Reader) compileForms(e *entry.Entry) {
	names := []string{r.spec.PayloadForm}
	r.formAt, r.inForm = map[string]int{}, map[string]*jsonscan.Paths{}
	for _, list := range r.spec.Values() {
		for _, v := range list {
			if v.Form == "" {
				continue
			}
			r.formAt[v.Form] = len(names)
			names = append(names, v.Form)
			if v.InForm != "" {
				r.inForm[v.InForm] = jsonscan.Compile(v.InForm)
			}
		}
	}
	if len(names) > 1 || names[0] != "" || e.Identity.NoneForForms {
		r.forms = formscan.Compile(names...)
	}
}

// compileEnvelope compiles what is read from the envelope, the payload first.
//
// Index 0 is the payload's text. A value of the envelope is read once, however often the entry names
// it.
func (r *Reader) compileEnvelope(e *entry.Entry) *jsonscan.Paths {
	r.envelope = map[string]int{}
	pointers := []string{r.spec.PayloadJSON}
	if e.Identity.InEnvelope {
		for _, pointer := range e.Identity.Pointers() {
			r.envelope[pointer] = len(pointers)
			r.envelopeIDs = append(r.envelopeIDs, len(pointers))
			pointers = append(pointers, pointer)
		}
	}
	for _, list := range r.spec.Values() {
		for _, v := range list {
			if _, known := r.envelope[v.Envelope]; v.Envelope != "" && !known {
				r.envelope[v.Envelope] = len(pointers)
				pointers = append(pointers, v.Envelope)
			}
		}
	}
	return jsonscan.Compile(pointers...)
}

// compileBatch compiles how a delivery is divided into events, and whom it has to be for.
func (r *Reader) compileBatch(e *entry.Entry) {
	if e.Recipient != nil {
		r.recipient, r.allowed = jsonscan.Compile(e.Recipient.Pointers...), e.Recipient.Allowed
	}
	if e.Batch == nil {
		return
	}
	r.batch = e.Batch
	if e.Batch.Pointer != "" {
		r.list = jsonscan.Compile(e.Batch.Pointer)
	}
	if len(e.Batch.Inner) > 0 {
		r.inner = jsonscan.Compile(append(slices.Clone(e.Batch.Inner), e.Batch.Whole)...)
	}
	if e.Batch.Or != "" {
		r.orList = jsonscan.Compile(e.Batch.Or)
	}
}

// canonicalEvent returns a copy whose names of headers are written as a request has them.
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
