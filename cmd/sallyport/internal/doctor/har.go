package doctor

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// archive is what is read of a HAR file: the requests that a browser or a proxy has seen.
type archive struct {
	Log struct {
		Entries []struct {
			Request archived `json:"request"`
		} `json:"entries"`
	} `json:"log"`
}

// archived is one request in it.
type archived struct {
	Method  string `json:"method"`
	URL     string `json:"url"`
	Headers []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"headers"`
	PostData *struct {
		Text     *string           `json:"text"`
		Encoding string            `json:"encoding"`
		Params   []json.RawMessage `json:"params"`
	} `json:"postData"`
}

// isArchive says whether a file is a HAR file, which may begin with a byte order mark, and not a raw request.
func isArchive(raw []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(withoutMark(raw), " \t\r\n"), []byte("{"))
}

func withoutMark(raw []byte) []byte { return bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")) }

// parseArchive reads the request of that number, counted from 1; 0: the only one. Its errors show no part of the file
// but methods and paths.
func parseArchive(raw []byte, number int) (*saved, error) {
	var a archive
	if json.Unmarshal(withoutMark(raw), &a) != nil { // whose text may quote what stands there
		return nil, errors.New(`it begins like a HAR file, and is not one: there have to be requests in "log", ` +
			`"entries"; nor is it an entry of a journal`)
	}
	entries := a.Log.Entries
	switch {
	case len(entries) == 0:
		return nil, errors.New("the HAR file holds no request")
	case number > len(entries):
		return nil, fmt.Errorf("the HAR file holds %d requests, and --entry is %d", len(entries),
			number)
	case number == 0 && len(entries) > 1:
		return nil, a.whichOne()
	}
	return entries[max(number, 1)-1].Request.saved()
}

// maxListed is how many requests of a file are listed.
const maxListed = 20

// whichOne lists the requests to choose from.
func (a *archive) whichOne() error {
	var b strings.Builder
	fmt.Fprintf(&b, "the HAR file holds %d requests; choose one by --entry:", len(a.Log.Entries))
	for i := range a.Log.Entries {
		if i == maxListed {
			b.WriteString(" ...")
			break
		}
		r := &a.Log.Entries[i].Request
		method, path := "?", "a URL that cannot be read"
		if headerName.MatchString(r.Method) {
			method = r.Method[:min(len(r.Method), 20)]
		}
		if u, _, err := splitURL(r.URL); err == nil {
			path = u.EscapedPath()
		}
		fmt.Fprintf(&b, " %d: %s %.*s;", i+1, method, maxPath, path)
	}
	return errors.New(strings.TrimSuffix(b.String(), ";"))
}

// splitURL gives a URL, and of it the target that stood in the request line, byte for byte.
func splitURL(text string) (u *url.URL, target string, err error) {
	text, _, _ = strings.Cut(text, "#") // which is never sent
	u, err = url.Parse(text)
	_, rest, ok := strings.Cut(text, "://")
	if err != nil || !ok || u.Host == "" {
		// and may hold a token
		return nil, "", errors.New("the URL of the request is not one such as https://example.com/hooks")
	}
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		target = rest[at:]
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return u, target, nil
}

// saved is the request as if it had been saved raw.
func (r *archived) saved() (*saved, error) {
	u, target, err := splitURL(r.URL)
	if err != nil {
		return nil, err
	}
	if !headerName.MatchString(r.Method) {
		return nil, errors.New("the method of the request is not valid")
	}
	path, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, errors.New("the path of the request cannot be read") // and may hold a token
	}
	s := &saved{request: &http.Request{
		Method: r.Method, URL: path, RequestURI: target, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{},
	}}
	for i, h := range r.Headers {
		name := http.CanonicalHeaderKey(h.Name)
		switch {
		case name == "Host" || h.Name == ":authority":
			s.request.Host = strings.TrimSpace(h.Value)
			continue
		case strings.HasPrefix(h.Name, ":"): // of HTTP/2: what the request line would say
			continue
		case !headerName.MatchString(name) || strings.ContainsAny(h.Value, "\r\n\x00"):
			return nil, fmt.Errorf("header %d of the request is not valid", i+1)
		}
		s.request.Header[name] = append(s.request.Header[name], strings.Trim(h.Value, " \t"))
	}
	s.request.Header.Del("Transfer-Encoding") // the body was put together already
	body, err := r.body(s)
	if err != nil {
		return nil, err
	}
	return s, s.takeBody(body)
}

func (r *archived) body(s *saved) ([]byte, error) {
	p := r.PostData
	switch {
	case p == nil || p.Text == nil && len(p.Params) == 0:
		return nil, nil
	case p.Text == nil || *p.Text == "" && len(p.Params) > 0:
		s.notes = append(s.notes, "the HAR file shows the fields of the form and not its bytes: give them with --body")
		return nil, nil
	case strings.EqualFold(p.Encoding, "base64"):
		body, err := base64.StdEncoding.DecodeString(*p.Text)
		if err != nil {
			return nil, errors.New("the body in the HAR file is not base64, which its encoding says it is")
		}
		return body, nil
	case p.Encoding != "":
		return nil, errors.New("the encoding of the body in the HAR file is unknown: give the body with --body")
	}
	if strings.ContainsRune(*p.Text, utf8.RuneError) {
		s.notes = append(s.notes, "the HAR file shows the body as a text, with a sign in place of bytes that are "+
			"not text: give its bytes with --body")
	}
	return []byte(*p.Text), nil
}
