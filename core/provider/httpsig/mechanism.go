package httpsig

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/provider/httpsig/internal/httpsfv"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const (
	inputHeader     = "Signature-Input"
	signatureHeader = "Signature"
	maxHeader       = 8 << 10
	maxComponents   = 32
	maxLabels       = 8
)

// mechanism is the compiled config. It is immutable, but for what it remembers of keys.
type mechanism struct {
	algorithm  Algorithm
	encoding   Encoding
	required   []component
	label, tag string
	nonce      bool
	coversBody bool
	fit        publickey.LastChecked // of the keys that a source gave
}

func newMechanism(c *Config) (*mechanism, error) {
	m := &mechanism{algorithm: c.Algorithm, encoding: c.KeyEncoding, label: c.Label, tag: c.Tag, nonce: c.RequireNonce}
	var mistakes []error
	for _, text := range c.Components {
		one, err := parseComponent(text)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		if slices.Contains(m.required, one) {
			mistakes = append(mistakes, fmt.Errorf("httpsig.Config.Components holds %s twice", one))
		}
		m.required = append(m.required, one)
		m.coversBody = m.coversBody || one.name == digestField
	}
	return m, errors.Join(mistakes...)
}

func (m *mechanism) pair() entry.Algorithm {
	switch m.algorithm {
	case Ed25519:
		return entry.Ed25519
	case ECDSAP256SHA256:
		return entry.ECDSAP256SHA256
	case RSAPSSSHA512, RSAv15SHA256:
		return entry.RSAPKCS1SHA256
	default:
		return 0
	}
}

func (m *mechanism) Traits() entry.CustomTraits {
	names := make([]string, len(m.required))
	for i, c := range m.required {
		names[i] = c.String()
	}
	headers := []string{signatureHeader, inputHeader}
	if m.coversBody {
		headers = append(headers, "Content-Digest")
	}
	return entry.CustomTraits{
		Time: true, Body: m.coversBody, URL: true, Query: true, Keyless: m.pair() != 0, Pair: m.pair(),
		Proof:  "HTTP Message Signature, " + string(m.algorithm) + ", in `" + signatureHeader + "`",
		Signed: strings.Join(names, ", "), Headers: headers,
	}
}

// input is a signature that is well-formed and was chosen. Nothing of it is proved.
type input struct {
	components []component
	params     *httpsfv.Params // those of @signature-params, which readParams has read
	signature  []byte
	created    time.Time
	keyid      string
	nonce      string
}

func (m *mechanism) Head(req *entry.CustomRequest) (state any, err error) {
	inputs, err := dictionary(req.Header, inputHeader)
	if err != nil {
		return nil, err
	}
	signatures, err := dictionary(req.Header, signatureHeader)
	if err != nil {
		return nil, err
	}
	label, list, err := m.choose(inputs)
	if err != nil {
		return nil, err
	}
	in := &input{}
	if in.signature, err = signatureOf(signatures, label); err != nil {
		return nil, err
	}
	if err := in.readComponents(list.Items); err != nil {
		return nil, fault.New(reason.MalformedSignature, err.Error())
	}
	for _, want := range m.required {
		if !slices.Contains(in.components, want) {
			return nil, fault.New(reason.BadSignature, "the signature does not cover "+want.String()+
				", which Components asks for")
		}
	}
	if err := m.readParams(in, list.Params, req.Now); err != nil {
		return nil, err
	}
	in.params = list.Params
	return in, nil
}

// dictionary reads a header that is a dictionary and comes once.
func dictionary(h http.Header, name string) (*httpsfv.Dictionary, error) {
	lines := h[name]
	switch {
	case len(lines) > 1:
		return nil, fault.New(reason.RepeatedHeader, "the header "+name+" came more than once")
	case len(lines) == 0 || lines[0] == "":
		return nil, fault.New(reason.MissingSignature, "no "+name+" header: a proxy may strip it, or the sender "+
			"signs nothing yet")
	case len(lines[0]) > maxHeader:
		return nil, fault.New(reason.MalformedSignature, "the header "+name+" is too long")
	}
	d, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil || len(d.Names()) > maxLabels || members(lines[0]) != len(d.Names()) {
		return nil, fault.New(reason.MalformedSignature, "the header "+name+" is malformed, holds a label twice, or "+
			"more than any sender sends")
	}
	return d, nil
}

// choose finds the one signature that the config chooses.
func (m *mechanism) choose(inputs *httpsfv.Dictionary) (label string, list httpsfv.InnerList, err error) {
	for _, name := range inputs.Names() {
		member, _ := inputs.Get(name)
		candidate, ok := member.(httpsfv.InnerList)
		if m.label != "" && name != m.label {
			continue
		}
		if !ok {
			return "", list, fault.New(reason.MalformedSignature, "the header Signature-Input is malformed")
		}
		if tag, _ := candidate.Params.Get("tag"); m.tag != "" && tag != m.tag {
			continue
		}
		if list.Params != nil {
			return "", list, fault.New(reason.MalformedSignature, "several signatures fit: choose one by Label or Tag")
		}
		label, list = name, candidate
	}
	if list.Params == nil {
		return "", list, fault.New(reason.MissingSignature,
			"no signature has the label and the tag that are configured")
	}
	return label, list, nil
}

func signatureOf(signatures *httpsfv.Dictionary, label string) ([]byte, error) {
	member, ok := signatures.Get(label)
	if !ok {
		return nil, fault.New(reason.MissingSignature, "the header Signature has no signature of the chosen label")
	}
	item, ok := member.(httpsfv.Item)
	if !ok {
		return nil, fault.New(reason.MalformedSignature, "the header Signature is malformed")
	}
	signature, ok := item.Value.([]byte)
	if !ok || len(item.Params.Names()) > 0 {
		return nil, fault.New(reason.MalformedSignature, "the header Signature is malformed")
	}
	return signature, nil
}

func (in *input) readComponents(items []httpsfv.Item) error {
	if len(items) > maxComponents {
		return errors.New("the signature covers more components than any sender's")
	}
	in.components = make([]component, 0, len(items))
	for _, item := range items {
		c, err := componentOf(item)
		if err != nil {
			return err
		}
		if slices.Contains(in.components, c) {
			return errors.New("a component is covered twice")
		}
		in.components = append(in.components, c)
	}
	return nil
}

func (m *mechanism) readParams(in *input, params *httpsfv.Params, now time.Time) error {
	for _, name := range params.Names() {
		value, _ := params.Get(name)
		number, isNumber := value.(int64)
		text, isText := value.(string)
		switch name {
		case "created", "expires":
			if !isNumber || number <= 0 || number > 99_999_999_999 {
				return fault.New(reason.MalformedSignature, "the signature's "+name+" is no time in seconds")
			}
			at := time.Unix(number, 0)
			if name == "created" {
				in.created = at
			} else if !now.Before(at) {
				return fault.New(reason.Stale,
					"the signature has expired: a replay, a slow queue, or this machine's clock is fast")
			}
		case "alg", "keyid", "nonce", "tag":
			if !isText {
				return fault.New(reason.MalformedSignature, "the signature's "+name+" is no text")
			}
			switch name {
			case "alg":
				if Algorithm(text) != m.algorithm {
					return fault.New(reason.MalformedSignature, "the signature says that it is of another algorithm "+
						"than the configured one: another one is never tried")
				}
			case "keyid":
				in.keyid = text
			case "nonce":
				in.nonce = text
			}
		default:
			return fault.New(reason.MalformedSignature, "the signature has a parameter that RFC 9421 does not know")
		}
	}
	switch {
	case in.created.IsZero():
		return fault.New(reason.MissingTimestamp, "the signature does not say when it was created")
	case m.nonce && in.nonce == "":
		return fault.New(reason.MissingSignature, "the signature has no nonce")
	}
	return nil
}

func (m *mechanism) Body(
	ctx context.Context, req *entry.CustomRequest, state any, body []byte,
) (entry.CustomProof, error) {
	proof := entry.CustomProof{}
	in, ok := state.(*input)
	if !ok {
		return proof, errors.New("the signature was not read")
	}
	var ends [maxComponents]int
	base, err := in.lines(make([]byte, 0, 1<<10), req, &ends)
	if err != nil {
		return proof, unreadable(err)
	}
	proof.Signed = in.remembered(base, &ends, body)
	base = in.signatureParams(base)
	if proof.Key, err = m.verify(ctx, req, in, base); err != nil {
		return proof, err
	}
	if slices.Contains(in.components, component{name: digestField}) {
		if err := VerifyContentDigest(req.Header, body); err != nil {
			return proof, fault.New(reason.BadSignature, err.Error())
		}
	}
	proof.Time = in.created
	return proof, nil
}

// unreadable returns why the covered components cannot be read. Most of them are missing.
func unreadable(err error) error {
	if failure, ok := errors.AsType[fault.Failure](err); ok {
		return failure
	}
	return fault.New(reason.MissingSignature, err.Error())
}

// remembered returns the digest of the covered components that belong to the event, whatever their order. The time of
// the signature does not: a retry that is signed again is the same event. Nor does the header date, which says the
// same. A body that is covered tells its event. Where there is none, or none that is covered, the nonce does; and
// without one the time, unless a covered header may hold an id: two events that are equal in all that is covered would
// be one otherwise, and the second lost.
func (in *input) remembered(base []byte, ends *[maxComponents]int, body []byte) [sha256.Size]byte {
	var order [maxComponents]int
	lines := order[:0]
	covered, named := false, false
	for i, c := range in.components {
		covered = covered || c.name == digestField && len(body) > 0
		named = named || c.mayName()
		if c.name != "date" {
			lines = append(lines, i)
		}
	}
	line := func(i int) []byte {
		if i == 0 {
			return base[:ends[0]]
		}
		return base[ends[i-1]:ends[i]]
	}
	slices.SortFunc(lines, func(a, b int) int { return bytes.Compare(line(a), line(b)) })
	sorted := base // behind it, where the last line will be
	for _, i := range lines {
		sorted = append(sorted, line(i)...)
	}
	switch {
	case covered:
	case in.nonce != "":
		sorted = append(sorted, in.nonce...)
	case !named:
		sorted = strconv.AppendInt(append(sorted, "created "...), in.created.Unix(), 10)
	}
	return sha256.Sum256(sorted[len(base):])
}

// lines appends the covered components, one a line, as they are signed, and notes where each line ends. A value holds
// no line feed.
func (in *input) lines(base []byte, req *entry.CustomRequest, ends *[maxComponents]int) ([]byte, error) {
	parsed := parsedURL{text: req.URL}
	for i, c := range in.components {
		value, err := c.value(req.Method, &parsed, req.Header)
		if err != nil {
			return nil, err
		}
		base = append(append(append(c.write(base), ": "...), value...), '\n')
		ends[i] = len(base)
	}
	return base, nil
}

// signatureParams appends the last line, which names the components again. The parameters are written canonically, as
// RFC 9421 (section 2.5) asks, whatever spaces they came with. readParams has refused all but positive integers and
// strings.
func (in *input) signatureParams(base []byte) []byte {
	base = append(base, `"@signature-params": (`...)
	for i, c := range in.components {
		if i > 0 {
			base = append(base, ' ')
		}
		base = c.write(base)
	}
	base = append(base, ')')
	for _, name := range in.params.Names() {
		base = append(append(append(base, ';'), name...), '=')
		value, _ := in.params.Get(name)
		switch value := value.(type) {
		case int64:
			base = strconv.AppendInt(base, value, 10)
		case string:
			base = appendString(base, value)
		}
	}
	return base
}
