package jws

import (
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// moment says where the signed time of a delivery stands. The zero value is none.
type moment struct {
	member string // of the JWS's header: "ts", in seconds
	at     string // a pointer into the payload
	unit   entry.Unit
	header string // of the request, in RFC 3339; it must be signed
}

func (m *moment) any() bool { return *m != moment{} }

// leeway is how far clocks may differ where a token's own times are checked.
const leeway = 30 * time.Second

// times reads the signed time, which must be there where the entry says so, and checks the payload's own limits (exp
// and nbf) where it has some. It runs after the signature was verified.
func (m *mechanism) times(s *signed, req *entry.CustomRequest, payload []byte) (at time.Time, err error) {
	var raw [3][]byte
	if m.detached == attached {
		if m.limits.Decide(payload, raw[:m.limits.Len()]) != nil {
			return at, fault.New(reason.MalformedSignature, "what is signed is not a JSON object, or says a time twice")
		}
		if err := checkLimits(raw[0], raw[1], req.Now); err != nil {
			return at, err
		}
	}
	switch {
	case m.time.member != "":
		at, err = number("ts", s.header.ts, time.Second)
	case m.time.header != "":
		// The header is among those that are signed, and came once.
		text := req.Header[m.time.header][0]
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return at, fault.New(reason.MalformedTimestamp, m.time.header+" is not a time in RFC 3339")
		}
	case m.time.at != "" && m.time.unit == entry.Milliseconds:
		at, err = number(m.time.at, raw[2], time.Millisecond)
	case m.time.at != "":
		text, ok := jsonscan.Text(raw[2])
		if at, err = time.Parse(time.RFC3339, text); !ok || err != nil {
			return time.Time{}, fault.New(reason.MissingTimestamp,
				"what is signed has no time in RFC 3339 at "+m.time.at)
		}
	default:
		return time.Time{}, nil
	}
	if err == nil && at.IsZero() {
		err = fault.New(reason.MissingTimestamp, "what is signed has no time")
	}
	return at, err
}

// checkLimits checks exp and nbf (RFC 7519, section 4.1), which count where they are there.
func checkLimits(expires, notBefore []byte, now time.Time) error {
	exp, err := number("exp", expires, time.Second)
	if err != nil {
		return err
	}
	nbf, err := number("nbf", notBefore, time.Second)
	switch {
	case err != nil:
		return err
	case !exp.IsZero() && !now.Before(exp.Add(leeway)):
		return fault.New(reason.Stale, "the token has expired: a replay, a slow queue, or this machine's clock is fast")
	case !nbf.IsZero() && nbf.After(now.Add(leeway)):
		return fault.New(reason.Early, "the token is not valid yet: this machine's clock may be slow")
	}
	return nil
}

// number reads a time that is a count of units since 1970, in its one form; absent is the zero time.
func number(name string, value []byte, unit time.Duration) (time.Time, error) {
	if value == nil {
		return time.Time{}, nil
	}
	n := int64(0)
	for i, c := range value {
		if c < '0' || c > '9' || i > 13 || value[0] == '0' {
			return time.Time{}, fault.New(reason.MalformedSignature, "the signed time "+name+" is not a whole number")
		}
		n = n*10 + int64(c-'0')
	}
	if unit == time.Millisecond {
		return time.UnixMilli(n), nil
	}
	return time.Unix(n, 0), nil
}
