package httpsig

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/provider/httpsig/internal/httpsfv"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// component is one covered component: a header field or something derived from the request.
type component struct {
	name  string // "content-digest", "@method"
	param string // of @query-param
}

// String is the component as a configuration writes it.
func (c component) String() string {
	if c.name == queryParam {
		return fmt.Sprintf(`%s;name="%s"`, c.name, c.param)
	}
	return c.name
}

const (
	queryParam  = "@query-param"
	digestField = "content-digest"
)

// parseComponent reads a component as a configuration writes it.
func parseComponent(text string) (component, error) {
	name, params, _ := strings.Cut(text, ";")
	c := component{name: name}
	if name == queryParam {
		param, ok := strings.CutPrefix(params, `name="`)
		param, closed := strings.CutSuffix(param, `"`)
		if !ok || !closed || param == "" || strings.ContainsAny(param, `"\`) {
			return c, fmt.Errorf("httpsig.Config.Components: %.80q is not written @query-param;name=\"x\"", text)
		}
		c.param = param
		return c, nil
	}
	if params != "" || !c.known() {
		return c, fmt.Errorf("httpsig.Config.Components: %.80q is no header field in lower case, and no component of "+
			"a request", text)
	}
	if !entry.PassedOn(name) {
		return c, fmt.Errorf("httpsig.Config.Components: no server passes on the header %s to a handler; for the host "+
			"there is @authority", name)
	}
	return c, nil
}

// known says that the component is one that is supported here.
func (c component) known() bool {
	switch c.name {
	case "@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query", queryParam:
		return true
	case "":
		return false
	}
	for i := range len(c.name) {
		b := c.name[i]
		if !(b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_') {
			return false
		}
	}
	return true
}

// componentOf reads a component of a Signature-Input.
func componentOf(item httpsfv.Item) (component, error) {
	name, ok := item.Value.(string)
	c := component{name: name}
	if !ok {
		return c, errors.New("a covered component is no text")
	}
	for _, param := range item.Params.Names() {
		value, _ := item.Params.Get(param)
		text, isText := value.(string)
		if name != queryParam || param != "name" || !isText {
			return c, errors.New("a covered component has a parameter that is not supported: " + param)
		}
		c.param = text
	}
	if !c.known() || name == queryParam && len(item.Params.Names()) != 1 {
		return c, errors.New("a covered component is none that a request has")
	}
	return c, nil
}

// write appends the component's identifier as it is signed. A known name needs no escapes.
func (c component) write(base []byte) []byte {
	base = append(append(append(base, '"'), c.name...), '"')
	if c.name != queryParam {
		return base
	}
	return appendString(append(base, ";name="...), c.param)
}

// appendString appends a string that a structured field held, as a structured field writes it (RFC 8941, section
// 4.1.6). Its reader refused all characters but printable ASCII.
func appendString(base []byte, text string) []byte {
	base = append(base, '"')
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			base = append(base, '\\')
		}
		base = append(base, text[i])
	}
	return append(base, '"')
}

// mayName reports whether the component may hold an id of the event. What every request has does not: where it was
// sent, and headers that describe the message and not what happened.
func (c component) mayName() bool {
	switch c.name {
	case digestField, "content-type", "content-length", "content-encoding", "date", "host", "user-agent", "accept",
		"authorization":
		return false
	default:
		return c.name[0] != '@'
	}
}

// parsedURL is parsed when the first component asks for it, and so is its query: anybody chooses how many components
// there are, and how long a query is.
type parsedURL struct {
	text  string
	url   *url.URL
	query url.Values // nil: not parsed yet
}

func (p *parsedURL) get() (*url.URL, error) {
	if p.url == nil {
		u, err := url.Parse(p.text)
		if err != nil || u.Host == "" {
			return nil, errors.New("the public URL is malformed: set PublicURL")
		}
		p.url = u
	}
	return p.url, nil
}

// value is the component's value in the request, as RFC 9421 derives it (section 2).
func (c component) value(method string, target *parsedURL, h http.Header) (string, error) {
	if c.name[0] != '@' {
		return fieldValue(c.name, h)
	}
	u, err := target.get()
	if err != nil {
		return "", err
	}
	path := cmp.Or(u.EscapedPath(), "/")
	switch c.name {
	case "@method":
		return method, nil
	case "@target-uri":
		return target.text, nil
	case "@scheme":
		return strings.ToLower(u.Scheme), nil
	case "@authority":
		return authority(u), nil
	case "@path":
		return path, nil
	case "@query":
		return "?" + u.RawQuery, nil
	case "@request-target":
		if u.RawQuery != "" || u.ForceQuery {
			path += "?" + u.RawQuery
		}
		return path, nil
	default:
		return c.queryValue(target)
	}
}

// fieldValue joins the lines of a field, without the white space around each. It fails closed for a field that is
// longer than a header may be: nothing is proved yet, and the lines together may have a megabyte.
func fieldValue(name string, h http.Header) (string, error) {
	lines := h[http.CanonicalHeaderKey(name)]
	if len(lines) == 0 {
		return "", errors.New("the covered header " + name + " is not there: a proxy may strip it")
	}
	size := 0
	for _, line := range lines {
		if size += len(line) + len(", "); size > maxHeader {
			return "", fault.New(reason.HeaderTooLarge, "the covered header "+name+" is too long")
		}
		if strings.IndexByte(line, '\n') >= 0 || strings.IndexByte(line, '\r') >= 0 {
			return "", errors.New("the covered header " + name + " holds a line break")
		}
	}
	if len(lines) == 1 {
		return strings.Trim(lines[0], " \t"), nil
	}
	var value strings.Builder
	value.Grow(size)
	for i, line := range lines {
		if i > 0 {
			value.WriteString(", ")
		}
		value.WriteString(strings.Trim(line, " \t"))
	}
	return value.String(), nil
}

// authority is the host in lower case, without the scheme's own port.
func authority(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return host
}

// queryValue is a parameter that the query has once: one that comes twice must not be covered.
func (c component) queryValue(target *parsedURL) (string, error) {
	if target.query == nil {
		query, err := url.ParseQuery(target.url.RawQuery) // value has parsed the URL
		if err != nil {
			return "", errors.New("the query is malformed")
		}
		target.query = query
	}
	name, err := url.QueryUnescape(c.param)
	if err != nil || len(target.query[name]) != 1 {
		return "", errors.New("a covered parameter of the query is not there, or comes more than once")
	}
	return formEncode(target.query[name][0]), nil
}

// formEncode encodes as forms are, but for the space, which is %20.
func formEncode(text string) string { return httpfield.PercentEncode(text, "*-._") }
