package hostile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/sallyport-go/sallyport/core/reason"
)

// Request is one request of a case.
type Request struct {
	Method  string      `json:"method"`  // default POST
	Target  string      `json:"target"`  // default /hooks
	Host    string      `json:"host"`    // default hooks.example.com
	Headers [][2]string `json:"headers"` // in order; Content-Type is application/json unless it is among them
	Bare    bool        `json:"bare"`    // no header but these, and Host
	Body    string      `json:"body"`
	// Raw is everything behind the header lines in place of the body, for bodies that lie about their length. The case
	// then gives the length, or the transfer encoding, itself.
	Raw  string `json:"raw"`
	Peer string `json:"peer"` // who connects; default 192.0.2.1:4711
	TLS  bool   `json:"tls"`  // the connection is one of TLS
	// HangUp ends the sender's side of the connection behind the last byte.
	HangUp bool `json:"hang_up"`

	// Reason is what has to come of it. Empty: net/http answers itself, and no guard hears of it.
	Reason reason.Reason `json:"reason"`
	Status int           `json:"status"`
	// Detail is a part of what the observer gets.
	Detail string `json:"detail"`
	Answer string `json:"answer"` // the whole body of the answer; empty: not looked at
	// Silent: it is accepted and holds no event, so that no signal runs.
	Silent bool `json:"silent"`
	// Outgoing is how many requests the guard makes for it.
	Outgoing int `json:"outgoing"`
}

// Case is one row of the table.
type Case struct {
	Request
	Name     string `json:"name"`
	Endpoint string `json:"endpoint"`
	// Config has settings of the case's own, in addition to the endpoint's: {"Limits.MaxBody": 1024}. A setting that
	// JSON cannot write, such as an interface, needs an endpoint of its own.
	Config map[string]json.RawMessage `json:"config"`
	After  []Request                  `json:"after"` // sent before it, to the same endpoint

	Threat string `json:"-"`
}

// Load reads the table from a folder.
func Load(folder string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(folder, "W-*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no table in %s", folder)
	}
	var all []Case
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var file struct {
			Threat string `json:"threat"`
			Title  string `json:"title"`
			Cases  []Case `json:"cases"`
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if file.Threat+".json" != filepath.Base(name) || file.Title == "" {
			return nil, fmt.Errorf("%s: the file is named by its threat, which has a title", name)
		}
		seen := map[string]bool{}
		for _, c := range file.Cases {
			if c.Name == "" || seen[c.Name] {
				return nil, fmt.Errorf("%s: a case without a name, or two called %q", name, c.Name)
			}
			seen[c.Name] = true
			c.Threat = file.Threat
			all = append(all, c)
		}
	}
	return all, nil
}

// Requests are the case's requests in order, the one it is about last.
func (c *Case) Requests() []Request { return append(append([]Request(nil), c.After...), c.Request) }

// Wire is the request as it stands on the wire.
func (r *Request) Wire(e *Endpoint) ([]byte, error) {
	var mistakes []error
	body := e.fill(r.Body, "", &mistakes)
	fill := func(text string) string { return e.fill(text, body, &mistakes) }
	or := func(text, byDefault string) string {
		if text == "" {
			return byDefault
		}
		return fill(text)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", or(r.Method, "POST"), or(r.Target, "/hooks"),
		or(r.Host, "hooks.example.com"))
	has := map[string]bool{}
	for _, h := range r.Headers {
		has[strings.ToLower(h[0])] = true
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], fill(h[1]))
	}
	if !r.Bare && !has["content-type"] && (body != "" || r.Raw != "") {
		b.WriteString("Content-Type: application/json\r\n")
	}
	sized := has["content-length"] || has["transfer-encoding"]
	if !r.Bare && !sized && r.Method != "GET" && r.Method != "HEAD" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	if r.Raw != "" {
		b.WriteString(fill(r.Raw))
	} else {
		b.WriteString(body)
	}
	return b.Bytes(), errors.Join(mistakes...)
}

// fill executes a template.
func (e *Endpoint) fill(text, body string, mistakes *[]error) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	t, err := template.New("").Option("missingkey=error").Funcs(Functions()).Parse(text)
	if err != nil {
		*mistakes = append(*mistakes, err)
		return ""
	}
	var b strings.Builder
	if err := t.Execute(&b,
		map[string]string{"body": body, "secret": e.Secret, "old": e.Old, "key": e.Key, "pair": Pair,
			"token": Token}); err != nil {
		*mistakes = append(*mistakes, err)
	}
	return b.String()
}
