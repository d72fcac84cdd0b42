package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// patient is a saved request with what is known of how it came.
type patient struct {
	*options
	*saved
}

// judge lets the endpoint's guard explain the request, and prints it.
func (p *patient) judge(out io.Writer) (int, error) {
	p.settings.Clock = p.at
	j, err := p.choose()
	if err != nil {
		return 0, err
	}
	e := j.Guard.Explain(p.incoming(), adapter.Inbound{})
	judgedAt := ""
	if p.at.IsZero() && !e.Time.IsZero() {
		// A request that was saved is old. Whether it was when it came is for -at to say.
		p.settings.Clock = e.Time
		if j, err = p.choose(); err != nil {
			return 0, err
		}
		e = j.Guard.Explain(p.incoming(), adapter.Inbound{})
		judgedAt = e.Time.UTC().Format(time.RFC3339)
	}
	refusals := slices.Clone(e.Refusals)
	if p.peer == "" {
		refusals = slices.DeleteFunc(refusals,
			func(r core.Reported) bool { return r.Check == core.CheckHTTPS || r.Check == core.CheckSources })
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	say("%s %s, judged by the endpoint %s of %s; %d bytes of body", p.request.Method, p.path(), j.Path,
		j.Guard.Provider(), len(p.body))
	for _, note := range p.notes {
		say("note: %s", note)
	}
	for _, r := range refusals {
		say("wrong: %s: %s", r.Reason, r.Detail)
	}
	for _, f := range e.Findings {
		about := ""
		if f.Secret != "" {
			about = " (secret " + f.Secret + ")"
		}
		say("found: %s: %s%s", f.Code, f.Text, about)
		say("  fix: %s", f.Mend)
	}
	if others := p.otherSenders(j.Guard.Provider()); len(others) > 0 && hasReason(refusals, reason.MissingSignature) {
		say("found: it carries the signature header of %s", strings.Join(others, ", "))
		say("  fix: give it to an endpoint of that provider")
	}
	if p.peer == "" {
		say("not judged: TLS, proxies and source addresses; give -peer")
	}
	if judgedAt != "" {
		say("not judged: whether it was fresh; it names %s as its time; give -at", judgedAt)
	}
	say("not judged: rates, and whether it was processed before")
	if len(refusals) > 0 {
		say("It would be refused.")
		return refused, nil
	}
	say("It would be accepted%s.", provedBy(e))
	return accepted, nil
}

func provedBy(e *core.Explanation) string {
	switch {
	case e.Reason == reason.Handshake:
		return ": it is a handshake"
	case e.Secret != "":
		return ": the secret " + e.Secret + " matches"
	case len(e.Credentials) > 0:
		return ": the credential " + strings.Join(e.Credentials, ", ") + " matches"
	}
	return ""
}

func hasReason(all []core.Reported, reason reason.Reason) bool {
	return slices.ContainsFunc(all, func(r core.Reported) bool { return r.Reason == reason })
}

// choose gives the endpoint that the request is for.
func (p *patient) choose() (receiver.Judge, error) {
	judges, err := receiver.Judges(&p.settings)
	if err != nil {
		return receiver.Judge{}, err
	}
	want := p.endpoint
	if want == "" {
		want = p.request.URL.EscapedPath()
	}
	for _, j := range judges {
		if j.Path == want {
			return j, nil
		}
	}
	if len(judges) == 1 && p.endpoint == "" {
		return judges[0], nil
	}
	paths := make([]string, len(judges))
	for i, j := range judges {
		paths[i] = j.Path
	}
	return receiver.Judge{},
		fmt.Errorf("no endpoint has the path %.*s; name one by -endpoint: %s", maxPath, want, strings.Join(paths, ", "))
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
		if _, _, err := net.SplitHostPort(p.peer); err != nil {
			r.RemoteAddr = net.JoinHostPort(strings.Trim(p.peer, "[]"), "1")
		}
	}
	return &r
}

// otherSenders are the providers whose signature header the request carries, if this one's is not among them.
func (p *patient) otherSenders(own string) (names []string) {
	for _, other := range provider.All() {
		e, err := entry.Of(other)
		if err != nil || e.Scheme == nil {
			continue
		}
		if slices.ContainsFunc(e.Scheme.Signature.Headers,
			func(name string) bool { return p.request.Header.Get(name) != "" }) {
			if e.Name == own {
				return nil
			}
			names = append(names, e.Name)
		}
	}
	if len(names) > 8 {
		names = append(names[:8], "others")
	}
	return names
}
