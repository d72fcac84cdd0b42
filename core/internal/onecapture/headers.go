package onecapture

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// headers changes each header line as a whole. What its text may become is in texts.
func headers(l *changes) {
	s := l.source
	for _, name := range slices.Sorted(maps.Keys(s.Header)) {
		value := s.Header.Get(name)
		l.begin("header line", true)
		l.edit(name+" is dropped", func(c *Capture) { delete(c.Header, name) })
		l.edit(name+" comes twice", func(c *Capture) { c.Header[name] = []string{value, value} })
		l.edit(name+" comes twice, empty behind", func(c *Capture) { c.Header[name] = []string{value, ""} })
		l.edit(name+" comes twice, empty in front", func(c *Capture) { c.Header[name] = []string{"", value} })
		l.edit(name+" comes twice, another behind", func(c *Capture) { c.Header[name] = []string{value, "other"} })
		l.edit(name+" comes twice, another in front", func(c *Capture) { c.Header[name] = []string{"other", value} })
	}
	l.begin("header names", true)
	l.edit("every header's name is in lower case", func(c *Capture) { c.Names = LowerNames })
	l.edit("every header's name is in upper case", func(c *Capture) { c.Names = UpperNames })
	l.edit("every header's value is folded into a line of its own", func(c *Capture) { c.Names = FoldedNames })
	l.begin("unsigned header", false)
	for _, name := range readHeaders(s.Entry) {
		value := s.Header.Get(name)
		for _, other := range []string{"other", "ping", "1", ""} {
			if other != value {
				l.edit(name+` is "`+other+`"`, func(c *Capture) { c.Header[name] = []string{other} })
			}
		}
	}
	l.begin("further header", false)
	for name, value := range map[string]string{
		"X-Http-Method-Override": "GET", "X-Forwarded-Host": "other.example", "X-Forwarded-Proto": "http",
		"X-Original-Url": "/other", "Content-Encoding": "identity", "Transfer-Encoding": "identity",
		"Digest": "sha-256=", "Forwarded": "host=other.example", "Ce-Id": "1", "Ce-Type": "other",
		"X-Goog-Pubsub-Message-Id": "1", "X-Hook-Secret": "a-secret-that-somebody-invented-here",
	} {
		if s.Header.Get(name) == "" {
			l.edit("the header "+name+" is added", func(c *Capture) { c.Header[name] = []string{value} })
		}
	}
	sortFrom(l, "further header")
}

// readHeaders returns the headers that an entry reads and that are no part of the proof: details, and what joins the
// identity.
func readHeaders(e *entry.Entry) (names []string) {
	add := func(name string) {
		name = http.CanonicalHeaderKey(name)
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range e.Identity.With {
		add(name)
	}
	v := &e.Event
	for _, list := range [][]entry.Value{v.ID, v.Type, v.Action, v.Time, v.Attempt, v.Tenant} {
		for i := range list {
			add(list[i].Header)
		}
	}
	for i := range e.Handshakes {
		add(e.Handshakes[i].WhenHeader)
	}
	return names
}

func contentTypes(l *changes) {
	l.begin("Content-Type", false)
	l.edit("the Content-Type is dropped", func(c *Capture) { delete(c.Header, "Content-Type") })
	for _, kind := range []string{
		"", "application/json", formType, "multipart/form-data; boundary=b", "text/plain", "application/octet-stream",
		"application/xml",
		formType + "; charset=utf-8", "application/json; charset=utf-8", strings.ToUpper(formType), " " + formType,
		formType + ";",
		"application/json, " + formType, "application/cloudevents+json", "application/cloudevents-batch+json",
		"application/vnd.api+json",
		formType + "; charset=\"", formType + "\t", "application/json;" + formType, "application/merge-patch+json",
	} {
		if kind != l.source.Header.Get("Content-Type") {
			l.edit("the Content-Type is "+kind, func(c *Capture) { c.Header["Content-Type"] = []string{kind} })
		}
	}
}

// families adds the headers of other names that the entry's scheme knows, and those of other schemes.
func families(l *changes) {
	l.begin("second scheme", true)
	sch := l.source.Entry.Scheme
	if sch == nil || sch.Custom != nil {
		return
	}
	fields := []entry.Field{sch.Signature.Field, sch.Timestamp.Field, sch.ID, sch.Signature.Version, sch.KeyRef}
	for f, field := range fields {
		for n, name := range field.Headers {
			name = http.CanonicalHeaderKey(name)
			if l.source.Header.Get(name) != "" {
				continue
			}
			have := ""
			for _, other := range field.Headers {
				if have == "" {
					have = l.source.Header.Get(other)
				}
			}
			for _, value := range []string{have, have + "0", "1", "other"} {
				l.edit("the header "+name+" is added", func(c *Capture) { c.Header[name] = []string{value} })
			}
			if f == 0 {
				l.edit("everything comes under "+name+" and its names as well",
					func(c *Capture) { addFamily(c, fields, n) })
				l.edit("everything comes under "+name+" and its names instead",
					func(c *Capture) { moveFamily(c, fields, n) })
			}
		}
	}
	for _, name := range sch.Signature.Further {
		l.edit("the signature comes in "+name,
			func(c *Capture) { c.Header.Set(name, c.Header.Get(sch.Signature.Headers[0])) })
	}
}

func addFamily(c *Capture, fields []entry.Field, n int) {
	for _, field := range fields {
		if n >= len(field.Headers) {
			continue
		}
		for _, other := range field.Headers {
			if value := c.Header.Get(other); value != "" {
				c.Header.Set(field.Headers[n], value)
				break
			}
		}
	}
}

func moveFamily(c *Capture, fields []entry.Field, n int) {
	addFamily(c, fields, n)
	for _, field := range fields {
		for i, other := range field.Headers {
			if i != n && n < len(field.Headers) {
				c.Header.Del(other)
			}
		}
	}
}
