package httpsig_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// A second reading of RFC 9421 and of the structured fields it is written in (RFC 8941), slow and without the library
// that the code reads them with. It knows HMAC-SHA-256 and one signature a request.

// value is a member of a dictionary or of an inner list.
type value struct {
	text   string // as it is serialised, without parameters
	kind   byte   // '(' list, '"' text, ':' bytes, '1' number, '?' boolean, 'a' token
	bare   string // of a text or of bytes, decoded
	items  []value
	params []param
}

type param struct {
	key string
	value
}

// serial is the canonical form.
func (v *value) serial() string {
	text := v.text
	if v.kind == '(' {
		parts := make([]string, len(v.items))
		for i := range v.items {
			parts[i] = v.items[i].serial()
		}
		text = "(" + strings.Join(parts, " ") + ")"
	}
	for _, p := range v.params {
		text += ";" + p.key
		if p.text != "?1" {
			text += "=" + p.text
		}
	}
	return text
}

func (v *value) param(key string) *value {
	for i := range v.params {
		if v.params[i].key == key {
			return &v.params[i].value
		}
	}
	return nil
}

var errSyntax = errors.New("no structured field")

type scanner struct{ rest string }

func (s *scanner) eat(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// while takes the characters that are among those given.
func (s *scanner) while(among string) string {
	n := len(s.rest) - len(strings.TrimLeft(s.rest, among))
	taken := s.rest[:n]
	s.rest = s.rest[n:]
	return taken
}

const (
	lower     = "abcdefghijklmnopqrstuvwxyz"
	upper     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digit     = "0123456789"
	marks     = "!#$%&'*+-.^_`|~"
	base64ish = lower + upper + digit + "+/="
)

func (s *scanner) key() (string, error) {
	if s.rest == "" || strings.IndexByte(lower+"*", s.rest[0]) < 0 {
		return "", errSyntax
	}
	return s.while(lower + digit + "_-.*"), nil
}

// dictionary refuses a name that comes twice.
func (s *scanner) dictionary() (names []string, members map[string]value, err error) {
	members = map[string]value{}
	s.while(" ")
	for {
		name, err := s.key()
		if err != nil {
			return nil, nil, err
		}
		v := value{kind: '?', text: "?1"}
		if s.eat('=') {
			if v, err = s.member(); err != nil {
				return nil, nil, err
			}
		} else if v.params, err = s.params(); err != nil {
			return nil, nil, err
		}
		if _, twice := members[name]; twice {
			return nil, nil, errSyntax
		}
		names, members[name] = append(names, name), v
		s.while(" \t")
		if s.rest == "" {
			return names, members, nil
		}
		if !s.eat(',') {
			return nil, nil, errSyntax
		}
		s.while(" \t")
	}
}

func (s *scanner) member() (v value, err error) {
	if !s.eat('(') {
		return s.item()
	}
	v.kind = '('
	for {
		s.while(" ")
		if s.eat(')') {
			break
		}
		one, err := s.item()
		if err != nil || s.rest == "" || s.rest[0] != ' ' && s.rest[0] != ')' {
			return v, errSyntax
		}
		v.items = append(v.items, one)
	}
	v.params, err = s.params()
	return v, err
}

func (s *scanner) item() (v value, err error) {
	if v, err = s.bare(); err == nil {
		v.params, err = s.params()
	}
	return v, err
}

// params keeps the last of one name, in the place of the first.
func (s *scanner) params() (all []param, err error) {
next:
	for s.eat(';') {
		s.while(" ")
		name, err := s.key()
		if err != nil {
			return nil, err
		}
		v := value{kind: '?', text: "?1"}
		if s.eat('=') {
			if v, err = s.bare(); err != nil {
				return nil, err
			}
		}
		for i := range all {
			if all[i].key == name {
				all[i].value = v
				continue next
			}
		}
		all = append(all, param{name, v})
	}
	return all, nil
}

func (s *scanner) bare() (v value, err error) {
	switch {
	case s.rest == "":
		return v, errSyntax
	case s.rest[0] == '"':
		return s.quoted()
	case s.eat(':'):
		coded := s.while(base64ish)
		data, err := base64.StdEncoding.DecodeString(coded)
		if err != nil || !s.eat(':') {
			return v, errSyntax
		}
		return value{kind: ':', bare: string(data), text: ":" + base64.StdEncoding.EncodeToString(data) + ":"}, nil
	case s.eat('?'):
		flag := s.while("01")
		if len(flag) != 1 {
			return v, errSyntax
		}
		return value{kind: '?', text: "?" + flag}, nil
	case strings.IndexByte(digit+"-", s.rest[0]) >= 0:
		number := s.while(digit + "-.")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || len(strings.TrimPrefix(number, "-")) > 15 {
			return v, errSyntax // decimals have no place in a signature
		}
		return value{kind: '1', text: strconv.FormatInt(n, 10)}, nil
	case strings.IndexByte(lower+upper+"*", s.rest[0]) >= 0:
		return value{kind: 'a', text: s.while(lower + upper + digit + marks + ":/")}, nil
	}
	return v, errSyntax
}

func (s *scanner) quoted() (v value, err error) {
	start := s.rest
	for i := 1; i < len(start); i++ {
		c := start[i]
		switch {
		case c == '"':
			s.rest = start[i+1:]
			return value{kind: '"', bare: v.bare, text: start[:i+1]}, nil
		case c == '\\':
			if i++; i == len(start) || start[i] != '"' && start[i] != '\\' {
				return v, errSyntax
			}
			c = start[i]
		case c < ' ' || c > '~':
			return v, errSyntax
		}
		v.bare += string(c)
	}
	return v, errSyntax
}

// message is a request as somebody sees it who knows how each part was made.
type message struct {
	method, scheme, host, path, query string
	header                            http.Header
	body                              string
}

// base is the text that is signed; covered are the names of what it covers.
func (m *message) base(list *value) (text string, covered map[string]bool, err error) {
	covered = map[string]bool{}
	for i := range list.items {
		c := &list.items[i]
		v, err := m.component(c)
		if err != nil || covered[c.serial()] {
			return "", nil, errSyntax
		}
		covered[c.serial()] = true
		text += c.serial() + ": " + v + "\n"
	}
	return text + `"@signature-params": ` + list.serial(), covered, nil
}

func (m *message) component(c *value) (string, error) {
	if c.kind != '"' {
		return "", errSyntax
	}
	if c.bare == "@query-param" {
		name := c.param("name")
		if name == nil || name.kind != '"' || len(c.params) != 1 {
			return "", errSyntax
		}
		return m.parameter(name.bare)
	}
	target := m.path
	if m.query != "" {
		target += "?" + m.query
	}
	known := map[string]string{
		"@method": m.method, "@scheme": m.scheme, "@authority": m.host, "@path": m.path, "@query": "?" + m.query,
		"@request-target": target, "@target-uri": m.scheme + "://" + m.host + target,
	}
	if v, ok := known[c.bare]; ok && len(c.params) == 0 {
		return v, nil
	}
	var found []string
	for name, lines := range m.header {
		if strings.ToLower(name) == c.bare {
			for _, line := range lines {
				found = append(found, strings.Trim(line, " \t"))
			}
		}
	}
	if found == nil || len(c.params) > 0 {
		return "", errSyntax
	}
	return strings.Join(found, ", "), nil
}

// parameter is one of the query, decoded and encoded again.
func (m *message) parameter(coded string) (string, error) {
	decode := func(text string) (out string) {
		for i := 0; i < len(text); i++ {
			c := text[i]
			switch {
			case c == '+':
				c = ' '
			case c == '%' && i+2 < len(text):
				if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
					c, i = byte(n), i+2
				}
			}
			out += string([]byte{c})
		}
		return out
	}
	var found []string
	for pair := range strings.SplitSeq(m.query, "&") {
		if name, v, _ := strings.Cut(pair, "="); pair != "" && decode(name) == decode(coded) {
			found = append(found, decode(v))
		}
	}
	if len(found) != 1 {
		return "", errSyntax
	}
	out := ""
	for _, c := range []byte(found[0]) {
		if strings.IndexByte(lower+upper+digit+"*-._", c) >= 0 {
			out += string(c)
		} else {
			out += "%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15]))
		}
	}
	return out, nil
}

// verify says why a message is none that a guard may accept; asked are the components that have to be covered.
func (m *message) verify(key string, now int64, asked ...string) error {
	input, signature := m.header["Signature-Input"], m.header["Signature"]
	if len(input) != 1 || len(signature) != 1 {
		return errors.New("a header that is not there once")
	}
	names, inputs, err := (&scanner{input[0]}).dictionary()
	if err != nil || len(names) != 1 || inputs[names[0]].kind != '(' {
		return errors.New("no single signature")
	}
	_, signatures, err := (&scanner{signature[0]}).dictionary()
	got, ok := signatures[names[0]]
	if err != nil || !ok || got.kind != ':' || len(got.params) > 0 {
		return errors.New("no bytes of the label")
	}
	list := inputs[names[0]]
	base, covered, err := m.base(&list)
	if err != nil {
		return err
	}
	h := hmac.New(sha256.New, []byte(key))
	_, _ = h.Write([]byte(base))
	if !hmac.Equal(h.Sum(nil), []byte(got.bare)) {
		return errors.New("another MAC")
	}
	for _, name := range asked {
		if !covered[`"`+name+`"`] {
			return errors.New(name + " is not covered")
		}
	}
	if err := times(&list, now); err != nil {
		return err
	}
	if alg := list.param("alg"); alg != nil && alg.bare != "hmac-sha256" {
		return errors.New("another algorithm")
	}
	return m.digest()
}

func times(list *value, now int64) error {
	created := list.param("created")
	if created == nil || created.kind != '1' {
		return errors.New("no time")
	}
	if n, err := strconv.ParseInt(created.text, 10, 64); err != nil || n < now-300 || n > now+300 {
		return errors.New("not fresh")
	}
	if expires := list.param("expires"); expires != nil {
		if n, err := strconv.ParseInt(expires.text, 10, 64); err != nil || n <= now {
			return errors.New("expired")
		}
	}
	return nil
}

func (m *message) digest() error {
	lines := m.header["Content-Digest"]
	if len(lines) != 1 {
		return errors.New("no digest, or several")
	}
	_, members, err := (&scanner{lines[0]}).dictionary()
	if err != nil {
		return err
	}
	s256, s512 := sha256.Sum256([]byte(m.body)), sha512.Sum512([]byte(m.body))
	checked := 0
	for name, want := range map[string]string{"sha-256": string(s256[:]), "sha-512": string(s512[:])} {
		if got, ok := members[name]; ok {
			checked++
			if got.kind != ':' || got.bare != want {
				return errors.New("the digest of another body")
			}
		}
	}
	if checked == 0 {
		return errors.New("no digest that counts")
	}
	return nil
}
