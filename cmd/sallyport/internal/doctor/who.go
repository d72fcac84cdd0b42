package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Candidate is a sender that may have sent a request.
type Candidate struct {
	Provider string `json:"provider"`
	Endpoint string `json:"endpoint,omitempty"` // of a configuration
	Header   string `json:"header,omitempty"`   // of its signature, which the request carries
	headers  int    // that the request carries of its signature, and of its events
	Tried    bool   `json:"tried"` // with a secret
	Proved   bool   `json:"proved"`
	Says     string `json:"says"` // what proves it, or what is wrong first
}

// Who is the answer to "who sent this?".
type Who struct {
	Method     string      `json:"method"`
	Path       string      `json:"path"`
	BodyBytes  int         `json:"body_bytes"`
	Notes      []string    `json:"notes,omitempty"`
	Candidates []Candidate `json:"candidates"` // the likeliest first
}

// likeliest returns the names of the senders between which nothing decides, and whether they are proved.
func (w *Who) likeliest() (names []string, proved bool) {
	for _, c := range w.Candidates {
		first := w.Candidates[0]
		if c.rank() == first.rank() && !slices.Contains(names, c.Provider) {
			names = append(names, c.Provider)
		}
		if first.rank() == 0 || first.Tried && !first.Proved {
			return nil, false
		}
	}
	return names, names != nil && w.Candidates[0].Proved
}

// Good implements [Report].
func (w *Who) Good() bool {
	names, proved := w.likeliest()
	return proved || len(names) == 1
}

// String implements [Report].
func (w *Who) String() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%s %s; %d bytes of body\n", w.Method, w.Path, w.BodyBytes)
	for _, note := range w.Notes {
		_, _ = fmt.Fprintf(&b, "note: %s\n", note)
	}
	wide := 0
	for _, c := range w.Candidates {
		wide = max(wide, len(c.name()))
	}
	for _, c := range w.Candidates {
		_, _ = fmt.Fprintf(&b, "%-*s  %s\n", wide, c.name(), c.Says)
	}
	names, proved := w.likeliest()
	list := strings.Join(names, ", ")
	switch {
	case proved && len(names) == 1:
		_, _ = fmt.Fprintf(&b, "It was sent by %s.\n", list)
	case proved:
		_, _ = fmt.Fprintf(&b, "It was sent by one of %s: they sign alike.\n", list)
	case len(names) == 1:
		_, _ = fmt.Fprintf(&b, "It looks like a delivery of %s. Nothing was verified: give --secret-env.\n", list)
	case names != nil:
		_, _ = fmt.Fprintf(&b, "It looks like one of %s. Nothing was verified: give --secret-env.\n", list)
	default:
		b.WriteString("It is not known who sent it.\n")
		if len(w.Candidates) > 0 && w.Candidates[0].Header != "" {
			b.WriteString("Ask for one of them by --provider or --endpoint alone: that says what is wrong.\n")
		}
	}
	return b.String()
}

func (c *Candidate) name() string {
	if c.Endpoint != "" {
		return c.Endpoint + " of " + c.Provider
	}
	return c.Provider
}

// maxCandidates bounds how many senders are tried and shown.
const maxCandidates = 20

// whoSent tries the endpoints of the configuration, or the senders that flags name, or those whose signature header the
// request carries.
func (p *patient) whoSent() (*Who, error) {
	w := &Who{
		Method: p.request.Method, Path: p.path(), BodyBytes: len(p.body), Notes: p.notes, Candidates: []Candidate{},
	}
	carried := p.carries()
	var err error
	switch {
	case p.config != "":
		w.Candidates, err = p.ofConfiguration(carried)
	case len(p.providers) > 0:
		for _, name := range p.providers {
			if _, known := catalogue.ByName(name); !known {
				return nil, fmt.Errorf("--provider: there is no sender %q; \"sallyport providers\" lists them", name)
			}
			w.Candidates = append(w.Candidates, p.tried(of(carried, name)))
		}
	default:
		slices.SortStableFunc(carried, func(a, b Candidate) int { return b.rank() - a.rank() })
		for _, c := range carried[:min(len(carried), maxCandidates)] {
			w.Candidates = append(w.Candidates, p.tried(c))
		}
	}
	slices.SortStableFunc(w.Candidates, func(a, b Candidate) int { return b.rank() - a.rank() })
	return w, err
}

// rank orders candidates: proved ones first, then those of whose headers the request has the most.
func (c *Candidate) rank() int {
	if c.Proved {
		return 1000 + c.headers
	}
	return c.headers
}

func (p *patient) ofConfiguration(carried []Candidate) ([]Candidate, error) {
	all, err := receiver.Judges(p.settings(""), p.at)
	if err != nil {
		return nil, err
	}
	var list []Candidate
	for i, j := range all {
		d, err := p.explained("", func(again []receiver.Judge) (receiver.Judge, error) { return again[i], nil })
		if err != nil {
			return nil, err
		}
		c := of(carried, j.Guard.Provider())
		c.Endpoint, c.Tried = j.Path, true
		c.note(d)
		list = append(list, c)
	}
	return list, nil
}

// tried tries a sender with the secret, if there is one.
func (p *patient) tried(c Candidate) Candidate {
	c.Says = "its signature header is missing"
	if c.Header != "" {
		c.Says = "the request has its header " + c.Header
	}
	if p.secretEnv == "" && p.keys == nil && p.kept(c.Provider) == "" {
		return c
	}
	c.Tried = true
	d, err := p.explained(c.Provider, p.choose)
	if err != nil {
		if all, ok := errors.AsType[receiver.Mistakes](err); ok {
			err = errors.New(all[0])
		}
		c.Says = "not tried: " + strings.Join(strings.Fields(err.Error()), " ")
		return c
	}
	c.note(d)
	return c
}

func (c *Candidate) note(d *Diagnosis) {
	c.Proved = d.Accepted
	if c.Says = d.By; !d.Accepted {
		c.Says = string(d.Wrong[0].Reason) + ": " + d.Wrong[0].Detail
	}
}

// carries returns the senders whose signature header the request carries.
func (p *patient) carries() (list []Candidate) {
	for _, other := range catalogue.All() {
		e, err := entry.Of(other.Sample())
		if err != nil || e == nil || e.Scheme == nil {
			continue
		}
		for _, name := range e.Scheme.Signature.Headers {
			// Many senders have a credential in Authorization: it names nobody.
			if name != "Authorization" && p.request.Header.Get(name) != "" {
				list = append(list, Candidate{Provider: other.Name, Header: name, headers: 1 + p.eventHeaders(e)})
				break
			}
		}
	}
	return list
}

// eventHeaders counts the headers of a sender's events that the request carries.
func (p *patient) eventHeaders(e *entry.Entry) int {
	seen := map[string]bool{}
	for _, list := range e.Event.Values() {
		for _, v := range list {
			if v.Header != "" && p.request.Header.Get(v.Header) != "" {
				seen[v.Header] = true
			}
		}
	}
	return len(seen)
}

// of returns the candidate of a name.
func of(carried []Candidate, provider string) Candidate {
	for _, c := range carried {
		if c.Provider == provider {
			return c
		}
	}
	return Candidate{Provider: provider}
}
