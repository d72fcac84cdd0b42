package main

import (
	"bytes"
	"cmp"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// another is the same sender with another secret.
func (s *sender) another() *sender {
	o := *s
	o.Configured, o.Signing = webhooktest.Keys(s.provider)
	return &o
}

// make makes a delivery of a fresh event.
func (x *examiner) make(s *sender, at time.Time) (*http.Request, error) {
	sample, err := x.o.sample(s)
	if err != nil {
		return nil, err
	}
	return s.sign(x.target, x.o.publicURL, s.fresh(sample), at)
}

// try makes all cases but the slow one, in their order.
func (x *examiner) try() error {
	e, err := entry.Of(x.sender.provider)
	if err != nil {
		return err
	}
	for _, group := range []func(*entry.Entry) error{
		x.genuine, x.forged, x.headers, x.times, x.others, x.setups,
	} {
		if err := group(e); err != nil {
			return err
		}
	}
	return nil
}

func (x *examiner) genuine(e *entry.Entry) error {
	first, err := x.make(x.sender, time.Now())
	if err != nil {
		return err
	}
	if err := x.tries("genuine", want{accepted: true, ran: some,
		says: "it must be accepted: compare the secret, and the public URL"}, first); err != nil {
		return err
	}
	switch {
	case x.runs == nil:
		x.skip("repeated", "whether it ran twice is seen with --runs only")
		return nil
	case e.Identity.Kind == entry.None || e.Identity.NoneForForms || e.Identity.NoneForSingles:
		x.skip("repeated", "two events of this sender may be equal")
		return nil
	}
	return x.tries("repeated", want{accepted: true, says: "a duplicate is answered 2xx, else it comes again",
		ranElse: "it ran twice: set Config.Replay"}, first, first)
}

func (x *examiner) forged(e *entry.Entry) error {
	forged, err := x.make(x.other, time.Now())
	if err != nil {
		return err
	}
	if err := x.tries("signed with another secret", want{says: "it must be refused: nothing is verified"},
		forged); err != nil {
		return err
	}
	if e.Scheme == nil {
		x.skip("changed body", "the sender signs nothing")
		return nil
	}
	genuine, err := x.make(x.sender, time.Now())
	if err != nil {
		return err
	}
	for _, one := range []struct {
		name, says string
		change     func([]byte) []byte
	}{
		{"changed body", "it must be refused: the signature does not cover the body", func(b []byte) []byte {
			return otherByte(b)
		}},
		{"body with a space more", "it must be refused: verify the bytes as they came, and not a body that was parsed",
			func(b []byte) []byte { return append(slices.Clone(b), ' ') }},
	} {
		if !x.coversBody(e) {
			x.skip(one.name, "the sender's signature does not cover the body")
			continue
		}
		r, err := withBody(genuine, one.change)
		if err != nil {
			return err
		}
		if err := x.tries(one.name, want{says: one.says}, r); err != nil {
			return err
		}
	}
	return nil
}

// otherByte changes the last letter or digit of a body, so that JSON and forms stay what they are.
func otherByte(body []byte) []byte {
	changed := slices.Clone(body)
	for i := len(changed) - 1; i >= 0; i-- {
		switch c := changed[i]; {
		case c == '9' || c == 'z' || c == 'Z':
			changed[i]--
			return changed
		case c >= '0' && c < '9' || c >= 'a' && c < 'z' || c >= 'A' && c < 'Z':
			changed[i]++
			return changed
		}
	}
	return append(changed, 'x')
}

// coversBody reports whether another body is another signature.
func (x *examiner) coversBody(e *entry.Entry) bool {
	return !slices.Contains(e.Unsigned, "body") && headerOf(e) != ""
}

// withBody is a signed request with another body.
func withBody(signed *http.Request, change func([]byte) []byte) (*http.Request, error) {
	b, err := signed.GetBody()
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(b); err != nil {
		return nil, err
	}
	r, err := http.NewRequest(signed.Method, signed.URL.String(), bytes.NewReader(change(body.Bytes())))
	if err != nil {
		return nil, err
	}
	r.Header = signed.Header.Clone()
	return r, nil
}

// headerOf is the header that holds the signature or the credential; empty: it is elsewhere.
func headerOf(e *entry.Entry) string {
	switch {
	case e.Scheme != nil && e.Scheme.Custom != nil:
		if h := e.Scheme.Custom.Traits().Headers; len(h) > 0 {
			return h[0]
		}
	case e.Scheme != nil:
		if h := e.Scheme.Signature.Headers; len(h) > 0 {
			return h[0]
		}
	case e.Credential.Kind == entry.Basic || e.Credential.Kind == entry.Bearer:
		return "Authorization"
	case e.Credential.Kind == entry.HeaderToken:
		return e.Credential.Name
	}
	return ""
}

// headers changes the header that proves the delivery.
func (x *examiner) headers(e *entry.Entry) error {
	other, err := x.make(x.other, time.Now())
	if err != nil {
		return err
	}
	name := http.CanonicalHeaderKey(headerOf(e))
	bad := other.Header.Get(name)
	if name == "" || bad == "" {
		x.skip("header left out, empty or doubled", "the proof is not in a header of one name")
		return nil
	}
	const twice = "it must be refused: a header that comes twice can be read in two ways"
	for _, one := range []struct {
		name, says string
		values     func(good string) []string
	}{
		{"header left out", "it must be refused: nothing proves it", func(string) []string { return nil }},
		{"header empty", "it must be refused: nothing proves it", func(string) []string { return []string{""} }},
		{"header without its end", "it must be refused: compare all of it, in constant time",
			func(good string) []string { return []string{good[:len(good)-min(4, (len(good)+1)/2)]} }},
		{"a forged one before it", twice, func(good string) []string { return []string{bad, good} }},
		{"a forged one behind it", twice, func(good string) []string { return []string{good, bad} }},
	} {
		if one.says == twice && e.Scheme != nil && e.Scheme.Signature.Repeats {
			x.skip(one.name, "the sender itself repeats the header")
			continue
		}
		r, err := x.make(x.sender, time.Now())
		if err != nil {
			return err
		}
		// A nil list sends no header.
		r.Header[name] = one.values(r.Header.Get(name))
		if err := x.tries(one.name, want{says: one.says}, r); err != nil {
			return err
		}
	}
	return nil
}

// signsTime reports whether the proof covers a time, so that an old delivery can be refused.
func signsTime(e *entry.Entry) bool {
	return e.Scheme != nil && (e.Scheme.Custom != nil && e.Scheme.Custom.Traits().Time ||
		e.Scheme.Custom == nil && signed(&e.Scheme.Timestamp))
}

func (x *examiner) times(e *entry.Entry) error {
	if !signsTime(e) {
		x.skip("stale", "the sender signs no time")
		x.skip("early", "the sender signs no time")
		return nil
	}
	for _, one := range []struct {
		name, says string
		by         time.Duration
	}{
		{"stale", "it must be refused: check the signed time", -31 * 24 * time.Hour},
		{"early", "it must be refused: check the signed time on both sides", 31 * 24 * time.Hour},
	} {
		r, err := x.make(x.sender, time.Now().Add(one.by))
		if err != nil {
			return err
		}
		if err := x.tries(one.name, want{says: one.says}, r); err != nil {
			return err
		}
	}
	return nil
}

func signed(t *entry.Timestamp) bool {
	return len(t.Headers) > 0 || t.Key != "" || t.JSON != "" || t.Form != "" || t.First
}

// others are requests that are genuine, and come in another way.
func (x *examiner) others(e *entry.Entry) error {
	large, err := x.make(x.sender, time.Now())
	if err != nil {
		return err
	}
	most := cmp.Or(e.MaxBody, 1<<20)
	if large, err = withBody(large, func(b []byte) []byte {
		return append(bytes.Repeat([]byte(" "), int(4*most)), b...)
	}); err != nil {
		return err
	}
	if err := x.tries("a body that is too large", want{says: "it must be refused: bound what is read"},
		large); err != nil {
		return err
	}
	other, err := x.make(x.sender, time.Now())
	if err != nil {
		return err
	}
	other.Method = http.MethodPut
	if err := x.tries("another method", want{says: "it must be refused: take the sender's methods only"},
		other); err != nil {
		return err
	}
	if x.target.Scheme == "https" {
		x.skip("plain HTTP", "the URL is https: what listens on plain HTTP is not known")
		return nil
	}
	plain, err := x.make(x.sender, time.Now())
	if err != nil {
		return err
	}
	plain.Header.Del("X-Forwarded-Proto")
	return x.tries("plain HTTP",
		want{says: "it must be refused: without TLS everybody on the way reads and changes it"}, plain)
}

func (x *examiner) setups(*entry.Entry) error {
	steps, err := x.sender.setup(x.ctx, x.client, x.target, x.o.publicURL)
	if err != nil {
		return err
	}
	for _, s := range steps {
		x.all = append(x.all,
			result{Case: "set-up: " + s.When, Status: s.Status, Right: s.Problem == "", Says: s.Problem})
	}
	return nil
}

// isDial reports whether there was no connection at all.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isTimeout reports whether the client gave up to wait. An endpoint that hangs has refused nothing.
func isTimeout(err error) bool {
	var late net.Error
	return errors.As(err, &late) && late.Timeout()
}
