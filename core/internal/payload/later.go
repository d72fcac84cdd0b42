package payload

import (
	"net/http"
	"slices"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// MostKept is how many headers Keep keeps at most. Each has its place in every delivery.
const MostKept = 4

// later is what of a delivery can be read once somebody asks, when its request may have changed.
type later struct {
	can     bool     // the events of the entry
	named   bool     // see NamedByHeaders
	tenant  bool     // whose the event is stands in the body
	headers []string // that are read, in the order of what Keep keeps
}

// compileLater finds out what can be read later: where a delivery is one event, and its body is the payload or a form.
//
// Everything else is read before the app has the request. That is the safe default: the app may change the request's
// headers and its URL.
func (r *Reader) compileLater(e *entry.Entry) later {
	spec := r.spec
	l := later{}
	l.can = e.Batch == nil && spec.PayloadJSON == "" && spec.Binary == "" && spec.Sealed == nil && r.carried == nil
	add := func(names ...string) {
		for _, name := range names {
			if !slices.Contains(l.headers, name) {
				l.headers = append(l.headers, name)
			}
		}
	}
	inHeader := func(v entry.Value) bool { return v.Header != "" && v.With == "" }
	inBody := func(v entry.Value) bool { return !inHeader(v) }
	for _, list := range spec.Values() {
		for _, v := range list {
			switch {
			case v.Query != "", v.Envelope != "":
				l.can = false
			case v.Header != "":
				add(v.Header)
			}
		}
	}
	add(r.with...)
	for i := range r.apart {
		add(r.apart[i].headers...)
	}
	l.can = l.can && len(l.headers) <= MostKept
	l.named = !slices.ContainsFunc(slices.Concat(spec.ID, spec.Type, spec.Tenant), inBody)
	l.tenant = slices.ContainsFunc(spec.Tenant, inBody)
	return l
}

// CanWait reports whether events can be read later, from the body and from what Keep has kept.
func (r *Reader) CanWait() bool { return r.later.can }

// NamedByHeaders reports whether ReadNames needs no look into the body.
func (r *Reader) NamedByHeaders() bool { return r.later.named }

// TenantInBody reports whether ReadTenant has to look into the body.
func (r *Reader) TenantInBody() bool { return r.later.tenant }

// Keep copies the headers that are read later. The app may change those of its request.
func (r *Reader) Keep(h http.Header, kept *[MostKept]string) {
	for i, name := range r.later.headers {
		kept[i] = headerText(h, name)
	}
}

// Begin is Open for a source whose details are read later: it finds the payload, but no fields of a form.
func (r *Reader) Begin(t *Source) {
	r.begin(t)
	t.Payload = payloadOf(t.Body)
}
