package sign

import (
	"bytes"
	"crypto/md5" // Sinch signs the MD5 of the body
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// message returns the signed bytes, part by part as the entry lists them. inside is the document or the form that
// carries the signature, or one item of it. It is nil where the proof is not inside the body.
func (s *signer) message(inside carrier) (message []byte, err error) {
	for _, part := range s.scheme.Signed {
		value, present, err := s.value(&part, inside)
		if err != nil {
			return nil, err
		}
		if part.Optional && !present { // without the texts around it either
			continue
		}
		if part.Lower {
			value = bytes.ToLower(value)
		}
		message = append(message, part.Before...)
		message = append(message, value...)
		message = append(message, part.After...)
	}
	return message, nil
}

// value returns the value of one part. present is false for an optional part that the request does not have.
func (s *signer) value(part *entry.Part, inside carrier) (value []byte, present bool, err error) {
	text := ""
	switch part.Kind {
	case entry.PartBody: // the body as it will be sent
		return s.body, true, nil
	case entry.PartTimestamp: // in the unit of the provider
		text = s.at
	case entry.PartID: // see makeID
		text = s.id
	case entry.PartLiteral: // fixed text between other parts
		text = part.Text
	case entry.PartSecret: // of a plain digest, which has no key otherwise
		return s.key.secret, true, nil
	case entry.PartHeader: // a signed header, which the test sets or which has one allowed value
		if len(part.OneOf) > 0 && s.r.Header.Get(part.Text) == "" {
			s.r.Header.Set(part.Text, part.OneOf[0])
		}
		text = s.r.Header.Get(part.Text)
		return []byte(text), text != "", nil
	case entry.PartMethod: // of the request
		text = s.r.Method
	case entry.PartPath: // path and query, as they are sent
		text = s.r.URL.RequestURI()
	case entry.PartPayload: // the field of a form that holds the event, or the body
		if form := s.form(); form != nil {
			return []byte(form.Get(part.Text)), true, nil
		}
		return s.body, true, nil
	case entry.PartURL: // with scheme and host, as the provider is configured with it
		text = s.url().String()
	case entry.PartURLUnescaped: // the URL with some characters unescaped
		var pairs []string
		for _, c := range part.Text {
			pairs = append(pairs, fmt.Sprintf("%%%02X", c), string(c))
		}
		text = strings.NewReplacer(pairs...).Replace(s.url().String())
	case entry.PartCRC32: // of the body, in decimal digits
		text = strconv.FormatUint(uint64(crc32.ChecksumIEEE(s.body)), 10)
	case entry.PartURLWithoutQuery: // without the query
		u := s.url()
		u.RawQuery = ""
		text = u.String()
	case entry.PartURLWithoutPort, entry.PartURLWithPort: // the default port is written where the URL has none
		u := s.url()
		host := u.Hostname()
		if part.Kind == entry.PartURLWithPort {
			host = u.Host
			if u.Port() == "" {
				host += map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
			}
		}
		u.Host = host
		text = u.String()
	case entry.PartSortedForm: // names and values, without separators or with those of the sender
		form := s.form()
		if own, ok := inside.(formCarrier); ok {
			form = maps.Clone(url.Values(own))
		}
		for _, name := range part.Without {
			form.Del(name)
		}
		text = concatenated(form, part.Equals, part.Between)
	case entry.PartBodyText: // as JSON.stringify does
		text = javaScriptText(string(s.body))
	case entry.PartPair: // a value of the signature's own list
		text = madeUp(part)
	case entry.PartBodyOrQuery:
		if text = string(s.body); text == "" {
			text = s.r.URL.RawQuery
		}
	case entry.PartSortedQuery: // a sorted form follows it, and the separators depend on which of the two there are
		text = concatenated(s.r.URL.Query(), "=", "&")
		switch form := len(s.form()) > 0; {
		case text != "" && form:
			text = "?" + text + "."
		case text != "" || form:
			text = "?" + text
		}
	case entry.PartQuery: // one parameter, decoded
		return []byte(s.r.URL.Query().Get(part.Text)), s.r.URL.Query().Has(part.Text), nil
	case entry.PartJSON, entry.PartForm: // a field of the body that carries the proof
		text, present = inside.field(part)
		return []byte(text), present, nil
	case entry.PartBodyMD5: // in base64; an empty body has none
		if len(s.body) > 0 {
			sum := md5.Sum(s.body) // as Sinch signs
			text = base64.StdEncoding.EncodeToString(sum[:])
		}
	case entry.PartBodySHA256: // the raw 32 bytes
		sum := sha256.Sum256(s.body)
		return sum[:], true, nil
	case entry.PartBodySHA256Base64: // as in the header Digest
		sum := sha256.Sum256(s.body)
		text = base64.StdEncoding.EncodeToString(sum[:])
	case entry.PartHost: // without its port
		text = s.url().Hostname()
	case entry.PartBodySHA256Hex: // in lower case
		sum := sha256.Sum256(s.body)
		text = hex.EncodeToString(sum[:])
	case entry.PartCanonicalQuery: // decoded, sorted and encoded again
		text = s.r.URL.Query().Encode()
	case entry.PartEscapedPath: // escaped twice
		text = contentfulPath(s.url())
	case entry.PartListedHeaders: // the list is signed too
		text = s.listedHeaders(part.Text)
	case entry.PartReplacedBody: // with the secret where the signature will be
		doc, err := inside.with(s.scheme, string(s.key.secret), s.at, s.id, s.key.version)
		return doc, true, err
	default:
		// A new kind of part needs a line here as well as in the guard: that is the point of the second implementation.
		return nil, false, errors.New("webhooktest: the entry signs a part that is not known here")
	}
	return []byte(text), true, nil
}

// url returns a copy of the request's URL with scheme and host. A server's request has only path and query.
func (s *signer) url() *url.URL {
	u := *s.r.URL
	if u.Host == "" { // a request of a server
		u.Host = s.r.Host
	}
	if u.Scheme == "" { // guards refuse plain HTTP, so it is https
		u.Scheme = "https"
	}
	return &u
}

// form returns the fields of a URL-encoded body, or nil where the body is not one.
func (s *signer) form() url.Values {
	if !isForm(s.r) {
		return nil
	}
	form, err := url.ParseQuery(string(s.body))
	if err != nil {
		return nil
	}
	return form
}

// concatenated returns names and values, sorted by name and then by value. A pair that comes twice counts once.
func concatenated(form url.Values, equals, between string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			all = append(all, name+equals+value)
		}
	}
	return strings.Join(all, between)
}

// makeForm turns a JSON body into the form that the provider sends: a form with the body in a field, or a URL with its
// digest. It does nothing for a provider that sends JSON, or where the body is a form already.
func (s *signer) makeForm() {
	field, sorted, list := "", false, false // the signed field; all fields are signed; the field is a list
	for _, part := range s.scheme.Signed {
		switch part.Kind {
		case entry.PartForm:
			field = part.Text
		case entry.PartSortedForm:
			sorted, list = true, part.Closing != nil && part.Closing.Only
		}
	}
	if isForm(s.r) || field == "" && (len(s.body) == 0 || !sorted) { // nothing to change
		return
	}
	// A provider that signs only forms covers JSON by its digest in the signed URL.
	if name := s.scheme.BodySHA256; name != "" {
		sum := sha256.Sum256(s.body)
		setQuery(s.r, name, hex.EncodeToString(sum[:]))
		return
	}
	text := string(s.body)
	if field != "" && s.scheme.Signature.Form != "" {
		text = base64.StdEncoding.EncodeToString(s.body) // Braintree's XML
	} else if field = s.entry.Event.PayloadForm; field == "" {
		field = "payload"
	}
	if list && !strings.HasPrefix(text, "[") {
		text = "[" + text + "]" // one event of a batch
	}
	s.body = []byte(url.Values{field: {text}}.Encode())
	s.r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
}

// needsJSON reports whether a part of the proof is inside a JSON document.
func needsJSON(s *entry.Scheme) bool {
	return s.Signature.JSON != "" || s.Timestamp.JSON != "" || s.ID.JSON != "" ||
		slices.ContainsFunc(s.Signed, func(p entry.Part) bool { return p.Kind == entry.PartJSON })
}

// needsForm reports whether a part of the proof is a field of a form.
func needsForm(s *entry.Scheme) bool {
	return s.Signature.Form != "" ||
		slices.ContainsFunc(s.Signed, func(p entry.Part) bool { return p.Kind == entry.PartForm })
}

// signInside signs a body that carries its own signature, or each item of its list. It returns the body to send.
func (s *signer) signInside() ([]byte, error) {
	holder, err := s.openBody()
	if err != nil {
		return nil, err
	}
	if s.scheme.Items == "" {
		if err := s.signCarrier(holder); err != nil { // one signature for the whole body
			return nil, err
		}
		return holder.encoded()
	}
	doc, ok := holder.(jsonCarrier)
	if !ok {
		return nil, errors.New("webhooktest: the provider sends JSON")
	}
	object, member := doc.parent(s.scheme.Items)
	list, _ := object[member].([]any)
	if len(list) == 0 { // an item with made-up fields
		list = []any{map[string]any{}}
	}
	for i := range list {
		item, ok := list[i].(map[string]any)
		if !ok {
			return nil, errors.New("webhooktest: an item is not a JSON object")
		}
		if err := s.signCarrier(jsonCarrier(item)); err != nil { // a signature for each item
			return nil, err
		}
	}
	object[member] = list
	return json.Marshal(doc)
}

// signCarrier signs a body or one item. The signed fields are written first, because the signature covers them. If the
// signature is in a header, the body must have its final form before it is signed.
func (s *signer) signCarrier(c carrier) error {
	s.id = s.makeID(c)
	c.set(s.scheme, "", s.at, s.id, s.key.version)
	inHeader := len(s.scheme.Signature.Headers) > 0
	// Providers write a time in seconds or milliseconds as a number.
	if doc, ok := c.(jsonCarrier); ok && inHeader && s.scheme.Timestamp.JSON != "" &&
		s.scheme.Timestamp.Unit != entry.RFC3339 {
		object, member := doc.parent(s.scheme.Timestamp.JSON)
		object[member] = json.Number(s.at)
	}
	var err error
	if inHeader {
		if s.body, err = c.encoded(); err != nil {
			return err
		}
	}
	message, err := s.message(c)
	if err != nil {
		return err
	}
	signature, err := s.key.sign(message)
	if err != nil {
		return err
	}
	text := s.layout(signature)
	s.setHeaders()
	if inHeader {
		s.r.Header.Set(s.scheme.Signature.Headers[0], text)
		return nil
	}
	c.set(s.scheme, text, s.at, s.id, s.key.version)
	return nil
}

// javaScriptText quotes a text as JavaScript's JSON.stringify does, which escapes less than encoding/json.
func javaScriptText(text string) string {
	named := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}
	var b strings.Builder
	for _, c := range text {
		switch escape := named[c]; {
		case escape != "":
			b.WriteString(escape)
		case c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return `"` + b.String() + `"`
}

// madeUp returns a value for a signed field that is missing. It matches the grammar of the field, so that a guard
// accepts it.
func madeUp(p *entry.Part) string {
	switch {
	case p.Sample != "": // the entry's own example
		return p.Sample
	case len(p.OneOf) > 0: // one of a few allowed values
		return p.OneOf[0]
	}
	switch p.Grammar {
	case entry.Status: // a status of HTTP
		return "200"
	case entry.Amount: // of money
		return "10.00"
	case entry.Word: // letters, digits and a few signs
		return "test_event"
	default:
		return "test-1"
	}
}

// isForm reports whether the test has made a URL-encoded form. The Content-Type decides, because a test sets it.
func isForm(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}
