package journal

import (
	"errors"
	"fmt"
	"net/textproto"
	"slices"
)

// harmless returns the headers that every journal keeps: what describes the body and the client, who
// forwarded the request, and ids of requests and traces. It lists whole names: X-Forwarded-Access-Token
// is a credential.
func harmless() []string {
	return []string{
		"Content-Type", "User-Agent", "Date", "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language",
		"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip",
		"Cf-Connecting-Ip", "True-Client-Ip", "Request-Id", "X-Request-Id", "X-Correlation-Id", "X-Amzn-Trace-Id",
		"X-Cloud-Trace-Context", "Cf-Ray", "Traceparent", "Tracestate", "B3", "X-B3-Traceid", "X-B3-Spanid",
		"X-B3-Parentspanid", "X-B3-Sampled",
	}
}

// forbidden returns the headers that no journal keeps, whoever asks for them.
func forbidden() []string {
	return []string{"Authorization", "Cookie", "Proxy-Authorization", "Set-Cookie"}
}

// allowedHeaders returns the set of harmless headers and those of Config.Headers. It fails closed: a
// name that is not one, or that always carries a credential, is an error.
func allowedHeaders(more []string) (map[string]bool, error) {
	allowed := make(map[string]bool)
	// Names are canonical, as in http.Header, so that a look-up is one of a map.
	for _, name := range harmless() {
		allowed[name] = true
	}
	var errs []error
	for _, name := range more {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		// A name that no request can have is a slip of the pen: it would silently keep nothing.
		switch {
		case name == "" || !isToken(name):
			errs = append(errs, fmt.Errorf("journal: Config.Headers holds %.80q, which is not a header's name", name))
		case slices.Contains(forbidden(), canonical):
			errs = append(errs, fmt.Errorf("journal: Config.Headers holds %q, a credential; remove it", name))
		default:
			allowed[canonical] = true
		}
	}
	return allowed, errors.Join(errs...)
}

// isToken reports whether name is a token as HTTP defines it.
func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !slices.Contains([]byte("!#$%&'*+-.^_`|~"), c) {
			return false
		}
	}
	return true
}

// Allowed reports whether a header is kept whatever the provider: it is harmless, or Config.Headers
// names it. The name must be canonical, as in http.Header.
func (j *Journal) Allowed(header string) bool { return j.allowed[header] }
