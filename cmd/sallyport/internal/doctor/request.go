package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// saved is a request as somebody saved it.
type saved struct {
	request *http.Request // without a body
	body    []byte
	notes   []string // what was odd about how it was saved
}

// requestLine is found behind what tools print before it: "> " of curl, the bytes of a packet's head of tcpdump.
var requestLine = regexp.MustCompile( //lint:immutable compiled once
	`(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+) HTTP/\d(?:\.\d)?\r?\n`)

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") //lint:immutable compiled once

// parse reads a saved request. It is lenient about how it was saved, and not about the body, of which every byte
// counts.
func parse(raw []byte) (*saved, error) {
	at := requestLine.FindSubmatchIndex(raw)
	if at == nil {
		return nil, errors.New("there is no request line such as \"POST /hooks HTTP/1.1\" in it")
	}
	curl := bytes.HasSuffix(raw[:at[0]], []byte("> "))
	target := string(raw[at[4]:at[5]])
	u, err := url.ParseRequestURI(target)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err // without the URL, which may hold a token
		}
		return nil, fmt.Errorf("the request line's target is no path: %w", err)
	}
	s := &saved{request: &http.Request{
		Method: string(raw[at[2]:at[3]]), URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{},
	}}
	rest := raw[at[1]:]
	for {
		end := bytes.IndexByte(rest, '\n')
		line := rest
		if end >= 0 {
			line = rest[:end]
		}
		text := strings.TrimSuffix(string(line), "\r")
		if curl {
			if !strings.HasPrefix(text, ">") {
				if end < 0 || text != "" && !strings.ContainsAny(text[:1], "*{}<") {
					break
				}
				rest = rest[end+1:] // what curl says of its own
				continue
			}
			text = strings.TrimPrefix(strings.TrimPrefix(text, ">"), " ")
		}
		if end < 0 {
			rest = nil
		} else {
			rest = rest[end+1:]
		}
		if text == "" {
			break
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || !headerName.MatchString(name) {
			return nil, fmt.Errorf("line %d is no header: an empty line has to stand between the headers and the body",
				bytes.Count(raw[:len(raw)-len(rest)], []byte("\n")))
		}
		s.request.Header[http.CanonicalHeaderKey(name)] = append(s.request.Header[http.CanonicalHeaderKey(name)],
			strings.Trim(value, " \t"))
		if rest == nil {
			break
		}
	}
	s.request.Host = s.request.Header.Get("Host")
	s.request.Header.Del("Host")
	if u.Host != "" && s.request.Host == "" {
		s.request.Host = u.Host
	}
	if curl {
		rest = nil // curl shows the answer, and no body
		s.notes = append(s.notes, "curl -v shows no body: give it with --body")
	}
	return s, s.takeBody(rest)
}

// takeBody cuts the body out of what follows the headers.
func (s *saved) takeBody(rest []byte) error {
	h := s.request.Header
	if strings.EqualFold(h.Get("Transfer-Encoding"), "chunked") {
		h.Del("Transfer-Encoding")
		if plain, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(rest))); err == nil {
			s.body = plain
			return nil
		}
		s.body = rest // whoever saved it had joined the chunks already
		return nil
	}
	s.body = rest
	declared := h.Get("Content-Length")
	if declared == "" || s.notes != nil {
		return nil
	}
	n, err := strconv.Atoi(declared)
	switch {
	case err != nil || n < 0:
		return errors.New("the Content-Length is no number")
	case n < len(rest) && len(bytes.Trim(rest[n:], "\r\n")) == 0:
		s.body = rest[:n] // a line break that was added where it was saved
	case n != len(rest):
		s.notes = append(s.notes, fmt.Sprintf("the Content-Length is %d and the body has %d bytes: it was not saved "+
			"whole, or it was changed on the way", n, len(rest)))
	}
	return nil
}
