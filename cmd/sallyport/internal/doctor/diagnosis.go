package doctor

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
)

// patient is a saved request with what is known of how it came.
type patient struct {
	*Options
	*saved
}

// Diagnosis is what one endpoint makes of a request.
type Diagnosis struct {
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Endpoint   string    `json:"endpoint"`
	Provider   string    `json:"provider"`
	BodyBytes  int       `json:"body_bytes"`
	Notes      []string  `json:"notes,omitempty"` // how it was saved
	Wrong      []Wrong   `json:"wrong"`
	Found      []Found   `json:"found"`
	NotChecked []string  `json:"not_checked"`
	At         time.Time `json:"at,omitzero"` // the time that the request names, where it was taken
	Accepted   bool      `json:"accepted"`
	By         string    `json:"by,omitempty"` // what proves it
}

// Wrong is a check that fails.
type Wrong struct {
	Reason reason.Reason `json:"reason"`
	Detail string        `json:"detail"`
}

// Found is what was found out, and how to fix it.
type Found struct {
	Code   string `json:"code,omitempty"`
	Text   string `json:"text"`
	Fix    string `json:"fix"`
	Secret string `json:"secret,omitempty"` // the label of the secret that it is about
}

// Good implements [Report].
func (d *Diagnosis) Good() bool { return d.Accepted }

// String implements [Report].
func (d *Diagnosis) String() string {
	var b strings.Builder
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	say("%s %s, checked by the endpoint %s of %s; %d bytes of body", d.Method, d.Path, d.Endpoint, d.Provider,
		d.BodyBytes)
	for _, note := range d.Notes {
		say("note: %s", note)
	}
	for _, w := range d.Wrong {
		say("wrong: %s: %s", w.Reason, w.Detail)
	}
	for _, f := range d.Found {
		text := f.Text
		if f.Code != "" {
			text = f.Code + ": " + text
		}
		if f.Secret != "" {
			text += " (secret " + f.Secret + ")"
		}
		say("found: %s", text)
		say("  fix: %s", f.Fix)
	}
	for _, text := range d.NotChecked {
		say("not checked: %s", text)
	}
	switch {
	case !d.Accepted:
		say("It would be refused.")
	case d.By != "":
		say("It would be accepted: %s.", d.By)
	default:
		say("It would be accepted.")
	}
	return b.String()
}

// diagnosis lets the guard of the request's endpoint explain it.
func (p *patient) diagnosis() (*Diagnosis, error) {
	provider := ""
	if len(p.providers) > 0 {
		provider = p.providers[0]
	}
	return p.explained(provider, p.choose)
}

// explained lets a guard explain the request: the one that choose returns.
func (p *patient) explained(
	provider string, choose func([]receiver.Judge) (receiver.Judge, error),
) (*Diagnosis, error) {
	at := func(clock time.Time) (j receiver.Judge, err error) {
		all, err := receiver.Judges(p.settings(provider), clock)
		if err == nil {
			j, err = choose(all)
		}
		return j, err
	}
	j, err := at(p.at)
	if err != nil {
		return nil, err
	}
	d := &Diagnosis{
		Method: p.request.Method, Path: p.path(), Endpoint: j.Path, Provider: j.Guard.Provider(),
		BodyBytes: len(p.body), Notes: p.notes, Wrong: []Wrong{}, Found: []Found{},
	}
	e := j.Guard.Explain(p.incoming(), adapter.Inbound{})
	if p.at.IsZero() && !e.Time.IsZero() {
		// A request that was saved is old. Whether it was when it came is for --at to say.
		if j, err = at(e.Time); err != nil {
			return nil, err
		}
		e = j.Guard.Explain(p.incoming(), adapter.Inbound{})
		d.At = e.Time.UTC()
	}
	p.fill(d, e)
	return d, nil
}

// fill notes what the guard has said.
func (p *patient) fill(d *Diagnosis, e *core.Explanation) {
	unsigned := false
	for _, r := range e.Refusals {
		if p.peer == "" && (r.Check == core.CheckHTTPS || r.Check == core.CheckSources) {
			continue
		}
		d.Wrong = append(d.Wrong, Wrong{r.Reason, r.Detail})
		unsigned = unsigned || r.Reason == reason.MissingSignature
	}
	for _, f := range e.Findings {
		d.Found = append(d.Found, Found{string(f.Code), f.Text, f.Fix, f.Secret})
	}
	if others := p.otherSenders(d.Provider); unsigned && len(others) > 0 {
		d.Found = append(d.Found, Found{
			Text: "it carries the signature header of " + strings.Join(others, ", "),
			Fix:  "give it to an endpoint of that sender",
		})
	}
	if p.peer == "" {
		d.NotChecked = append(d.NotChecked, "TLS, proxies and source addresses; give --peer")
	}
	if !d.At.IsZero() {
		d.NotChecked = append(d.NotChecked, "whether it was fresh; it names "+d.At.Format(time.RFC3339)+
			" as its time; give --at")
	}
	d.NotChecked = append(d.NotChecked, "rates, and whether it was processed before")
	d.Accepted = len(d.Wrong) == 0
	if d.Accepted {
		d.By = provedBy(e)
	}
}

func provedBy(e *core.Explanation) string {
	switch {
	case e.Reason == reason.Handshake:
		return "it is a handshake"
	case e.Secret != "":
		return "the secret " + e.Secret + " matches"
	case len(e.Credentials) > 0:
		return "the credential " + strings.Join(e.Credentials, ", ") + " matches"
	}
	return ""
}

// choose returns the endpoint that the request is for.
func (p *patient) choose(all []receiver.Judge) (receiver.Judge, error) {
	want := p.endpoint
	if want == "" {
		want = p.request.URL.EscapedPath()
	}
	for _, j := range all {
		if j.Path == want {
			return j, nil
		}
	}
	if len(all) == 1 && p.endpoint == "" {
		return all[0], nil
	}
	paths := make([]string, len(all))
	for i, j := range all {
		paths[i] = j.Path
	}
	return receiver.Judge{}, fmt.Errorf("no endpoint has the path %.*s; name one by --endpoint: %s; or ask by --who",
		maxPath, want, strings.Join(paths, ", "))
}

// maxPath is how much of a path is printed.
const maxPath = 200

// path is the request's path for a line of its own: escaped, because whoever sent it may have put a line break in it,
// with a verdict behind that.
func (p *patient) path() string {
	path := p.request.URL.EscapedPath()
	return path[:min(len(path), maxPath)]
}

// incoming is the request as a server would hand it on.
func (p *patient) incoming() *http.Request {
	r := *p.request
	r.Header = p.request.Header.Clone()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(p.body)), int64(len(p.body))
	if p.tls || p.peer == "" {
		r.TLS = &tls.ConnectionState{}
	}
	if r.RemoteAddr = p.peer; p.peer != "" {
		r.RemoteAddr = withPort(p.peer)
	}
	return &r
}

// otherSenders returns the senders whose signature header the request carries, if own is not among them.
func (p *patient) otherSenders(own string) []string {
	names := []string{}
	for _, c := range p.carries() {
		names = append(names, c.Provider)
	}
	if slices.Contains(names, own) {
		return nil
	}
	if len(names) > 8 {
		names = append(names[:8], "others")
	}
	return names
}
