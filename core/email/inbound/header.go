package inbound

import (
	"bytes"
	"cmp"
	"mime"
	"net/mail"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// rawHeader is a header as it was written, unfolded.
type rawHeader struct{ name, value string }

// cutHeaders splits a message into its headers and its body. Lines that are not headers are left out, because real
// mail has such: whoever wrote it, the rest is still worth reading.
func cutHeaders(raw []byte, most int) (headers []rawHeader, body []byte, whole bool) {
	whole = true
	read := 0
	var folded []byte // the value of the last header, where a line continues it
	unfold := func() {
		if folded != nil {
			headers[len(headers)-1].value, folded = string(folded), nil
		}
	}
	defer unfold()
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		read += len(line) + 1
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			return headers, rest, whole
		}
		raw = rest
		switch name, value, ok := bytes.Cut(line, []byte(":")); {
		case read > most: // the body begins behind the next empty line
			whole = false
		case line[0] == ' ' || line[0] == '\t':
			if n := len(headers); n > 0 {
				if folded == nil {
					folded = []byte(headers[n-1].value)
				}
				folded = append(folded, line...)
			}
		case ok && isName(name):
			unfold()
			headers = append(headers, rawHeader{
				string(bytes.TrimRight(name, " \t")), string(bytes.TrimLeft(value, " \t")),
			})
		default:
			whole = whole && bytes.HasPrefix(line, []byte("From ")) // a mailbox's separator
		}
	}
	return headers, nil, whole
}

func isName(name []byte) bool {
	name = bytes.TrimRight(name, " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(name) > 0
}

func first(headers []rawHeader, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.name, name) {
			return h.value
		}
	}
	return ""
}

// words decodes encoded words of every charset that is known.
func words() *mime.WordDecoder { return &mime.WordDecoder{CharsetReader: charsetReader} }

func decodeWords(value string) string {
	if !strings.Contains(value, "=?") {
		return strings.ToValidUTF8(value, "\ufffd")
	}
	if text, err := words().DecodeHeader(value); err == nil {
		return strings.ToValidUTF8(text, "\ufffd")
	}
	return strings.ToValidUTF8(value, "\ufffd")
}

// addHeaders appends headers and reads what they say.
func (m *Message) addHeaders(headers []rawHeader) {
	for _, h := range headers {
		m.addHeader(h.name, h.value)
	}
}

func (m *Message) addHeader(name, value string) {
	switch strings.ToLower(name) {
	case "from":
		m.From = m.addAddresses(name, value, m.From)
	case "to":
		m.To = m.addAddresses(name, value, m.To)
	case "cc":
		m.Cc = m.addAddresses(name, value, m.Cc)
	case "bcc":
		m.Bcc = m.addAddresses(name, value, m.Bcc)
	case "reply-to", "sender", "resent-from", "resent-to", "resent-cc":
		_ = m.addAddresses(name, value, nil)
	case "date":
		at, ok := dateOf(value)
		if text := decodeWords(value); !ok {
			m.Headers = append(m.Headers, Header{name, text})
			return
		}
		if m.Date.IsZero() {
			m.Date = at
		}
		m.Headers = append(m.Headers, Header{name, at.Format(dateLayout)})
	case "subject":
		text := decodeWords(value)
		m.Subject = cmp.Or(m.Subject, text)
		m.Headers = append(m.Headers, Header{name, text})
	default:
		m.Headers = append(m.Headers, Header{name, decodeWords(value)})
	}
}

const dateLayout = "Mon, 02 Jan 2006 15:04:05 -0700"

func dateOf(value string) (time.Time, bool) {
	at, err := mail.ParseDate(numericZone(strings.TrimSpace(value)))
	if err != nil {
		return time.Time{}, false
	}
	return jsonscan.WritableTime(at)
}

// numericZone returns a date whose zone, where it is a name, is written as an offset (RFC 5322, section 4.3). Package
// mail reads a name by the zone of this machine, and any other one as UTC.
func numericZone(date string) string {
	if at := strings.IndexByte(date, '('); at >= 0 && strings.HasSuffix(date, ")") { // a comment, such as "(CET)"
		date = strings.TrimRight(date[:at], " \t")
	}
	at := strings.LastIndexAny(date, " \t") + 1
	zone := strings.ToUpper(date[at:])
	if zone == "" || strings.Trim(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return date
	}
	offset := "-0000" // of a name that says nothing
	switch zone {
	case "EDT":
		offset = "-0400"
	case "EST", "CDT":
		offset = "-0500"
	case "CST", "MDT":
		offset = "-0600"
	case "MST", "PDT":
		offset = "-0700"
	case "PST":
		offset = "-0800"
	}
	return date[:at] + offset
}

// addAddresses appends a header of addresses in its usual form. The addresses of its first occurrence count.
func (m *Message) addAddresses(name, value string, have []Address) []Address {
	list := addressesOf(value)
	text := make([]string, len(list))
	for i, a := range list {
		text[i] = a.String()
	}
	if len(list) == 0 {
		text = []string{decodeWords(value)}
	}
	m.Headers = append(m.Headers, Header{name, strings.Join(text, ", ")})
	if have != nil {
		return have
	}
	return list
}

// maxAddresses is how many addresses of one header are read.
const maxAddresses = 10_000

// addressesOf reads a list of addresses. One that is malformed does not keep the others from being read.
func addressesOf(value string) (list []Address) {
	parser := mail.AddressParser{WordDecoder: words()}
	if all, err := parser.ParseList(value); err == nil {
		for _, a := range all[:min(len(all), maxAddresses)] {
			list = append(list, Address{strings.ToValidUTF8(a.Name, "\ufffd"), a.Address})
		}
		return list
	}
	for _, text := range splitAddresses(value) {
		if a, err := parser.Parse(text); err == nil {
			list = append(list, Address{strings.ToValidUTF8(a.Name, "\ufffd"), a.Address})
			continue
		}
		name, rest, ok := strings.Cut(text, "<")
		addr, _, closed := strings.Cut(rest, ">")
		switch {
		case ok && closed:
			list = append(list, Address{
				decodeWords(strings.Trim(strings.TrimSpace(name), `"`)), strings.TrimSpace(addr),
			})
		case strings.Contains(text, "@"):
			list = append(list, Address{"", decodeWords(text)})
		}
	}
	return list
}

// splitAddresses splits at commas outside of quotes.
func splitAddresses(value string) (all []string) {
	start, quoted := 0, false
	add := func(end int) {
		if text := strings.TrimSpace(value[min(start, end):end]); text != "" && len(all) < maxAddresses {
			all = append(all, text)
		}
		start = end + 1
	}
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case ',':
			if !quoted {
				add(i)
			}
		}
	}
	add(len(value))
	return all
}

// fileName returns a name without its path and without line breaks; empty where nothing else is left.
func fileName(name string) string {
	name = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\x00", "").Replace(decodeWords(name))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if name = strings.TrimSpace(name); name == "." || name == ".." {
		return ""
	}
	return name
}
