package signature

import (
	"crypto/md5" // some senders sign the MD5 of the body
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// part is one compiled part of the signed bytes.
type part struct {
	*entry.Part
	value int // its index in presented.values; -1: not there
}

// valueOf says where a value that a part takes from the body or from the query sits.
type valueOf struct {
	kind     entry.PartKind
	text     string
	path     int // its index in what the body's scan finds; -1: not there
	optional bool
	grammar  entry.Grammar
	oneOf    []string
}

// compileParts compiles the signed bytes and what has to be found for them.
func (v *Verifier) compileParts() (problem string) {
	s := v.scheme
	pointers := make([]string, fieldCount)
	for f := range fieldCount {
		pointers[f] = v.field(f).JSON
	}
	v.fromForm = s.Signature.Form != ""
	secrets, proved := 0, false
	for _, signed := range append([][]entry.Part{s.Signed}, s.Also...) {
		reading := make([]part, len(signed))
		for i := range signed {
			p := part{&signed[i], -1}
			switch p.Kind {
			case entry.PartTimestamp:
				v.SignsTime = true
			case entry.PartID:
				v.id = true
				proved = true
			case entry.PartURL, entry.PartURLWithPort, entry.PartURLWithoutPort, entry.PartURLUnescaped, entry.PartSortedQuery:
				v.SignsURL, v.signsQuery = true, true
			case entry.PartURLBare:
				v.SignsURL = true
			case entry.PartSecret:
				secrets++
			case entry.PartBody:
				v.objectBody = p.Grammar == entry.Object
				v.SignsBody = true
			case entry.PartPayload:
				v.SignsBody, v.payloadField = true, p.Text
			case entry.PartReplacedBody:
				v.SignsBody, v.replaced = true, true
				secrets++
				if s.Signature.JSON == "" {
					return "replaces a signature in the body and does not say where it is"
				}
			case entry.PartSortedForm:
				proved = true
				v.sortedForm = &reading[i]
			case entry.PartForm, entry.PartQuery, entry.PartJSON:
				proved = true
				p.value = v.valueIndex(&p, &pointers)
			case entry.PartHeader:
				v.headerParts = append(v.headerParts, p.Part)
			case entry.PartBodyMD5, entry.PartBodySHA256, entry.PartBodySHA256Hex:
				v.SignsBody = true
			case entry.PartCanonicalQuery:
				proved = true
			case entry.PartPath, entry.PartEscapedPath:
				v.SignsPath, v.signsQuery = true, true
			case entry.PartListedHeaders:
				v.listedHeaders = http.CanonicalHeaderKey(p.Text)
				v.SignsTime = v.SignsTime || len(s.Timestamp.Headers) > 0 // it has to be listed
			case entry.PartLiteral, entry.PartMethod, entry.PartCRC32:
			default:
				return fmt.Sprintf("signs a part of the unknown kind %d", p.Kind)
			}
			reading[i] = p
		}
		v.readings = append(v.readings, reading)
	}
	if s.Items != "" && (v.sortedForm != nil || v.namesKey() || slices.ContainsFunc(v.values, func(want valueOf) bool { return want.kind != entry.PartJSON })) {
		return "signs items of a list, and something that is not in them"
	}
	if v.replaced && (s.Items != "" || s.Document != "") {
		return "replaces a signature in something else than the body"
	}
	digests := false
	for _, k := range v.kinds {
		digests = digests || k.Algorithm.Digest()
	}
	if digests != (secrets > 0) {
		return "has to sign the secret itself with a plain hash, and with nothing else"
	}
	// A plain hash can be continued by whoever knows it: behind its end and some zero bytes anything may follow, unless
	// the secret ends it. A body in which the signature is replaced is JSON as a whole, which ends there.
	for _, reading := range v.readings {
		switch last := reading[len(reading)-1].Kind; {
		case !digests || last == entry.PartSecret || last == entry.PartReplacedBody:
		case last == entry.PartBody:
			v.lengthened = true
		default:
			return "ends a plain hash with something that can be lengthened"
		}
	}
	// A timestamp inside a body that is signed as a whole is proved with it.
	v.SignsTime = v.SignsTime || v.SignsBody && s.Timestamp.JSON != ""
	if !v.SignsBody && !proved {
		return "signs neither the body nor an id: every delivery would carry the same proof"
	}
	v.SignsBody = v.SignsBody || s.BodySHA256 != ""
	v.paths = jsonscan.Compile(pointers...)
	v.Boundary = s.Boundary()
	v.compileForm()
	if s.Items != "" {
		v.items = jsonscan.Compile(s.Items)
	}
	return ""
}

// valueIndex gives the place of a part's value, the same for the same value in another reading.
func (v *Verifier) valueIndex(p *part, pointers *[]string) int {
	want := valueOf{kind: p.Kind, text: p.Text, path: -1, optional: p.Optional, grammar: p.Grammar, oneOf: p.OneOf}
	at := slices.IndexFunc(v.values, func(have valueOf) bool { return have.kind == want.kind && have.text == want.text })
	if at >= 0 {
		return at
	}
	switch p.Kind {
	case entry.PartJSON:
		want.path = len(*pointers)
		*pointers = append(*pointers, p.Text)
	case entry.PartForm:
		v.fromForm = true
	}
	v.values = append(v.values, want)
	return len(v.values) - 1
}

// writeSigned feeds the signed bytes to the hash, part by part, as they came.
func (v *Verifier) writeSigned(st *digest.State, reading []part, k *activeKey, in *Input) {
	for i := range reading {
		part := &reading[i]
		if part.Optional && !v.isPresent(part, in) {
			continue
		}
		if part.Before != "" {
			st.WriteString(part.Before)
		}
		v.writePart(st, part, k, in)
		if part.After != "" {
			st.WriteString(part.After)
		}
	}
}

func (v *Verifier) isPresent(part *part, in *Input) bool {
	p := in.Claims
	switch part.Kind {
	case entry.PartJSON, entry.PartForm, entry.PartQuery:
		return p.values[part.value].present
	case entry.PartHeader:
		return in.Request.Header.Get(part.Text) != ""
	default:
		return true
	}
}

func (v *Verifier) writePart(st *digest.State, part *part, k *activeKey, in *Input) {
	p := in.Claims
	switch part.Kind {
	case entry.PartBody:
		st.Write(in.Body)
	case entry.PartTimestamp:
		st.WriteString(p.Timestamp)
	case entry.PartID:
		st.WriteString(p.ID)
	case entry.PartLiteral:
		st.WriteString(part.Text)
	case entry.PartHeader:
		st.WriteString(in.Request.Header.Get(part.Text))
	case entry.PartPayload:
		if p.Payload != nil {
			st.Write(p.Payload)
		} else {
			st.Write(in.Body)
		}
	case entry.PartURL:
		st.WriteString(in.URL)
	case entry.PartURLUnescaped:
		st.WriteString(unescapedURL(in.URL, part.Text))
	case entry.PartMethod:
		st.WriteString(in.Request.Method)
	case entry.PartPath:
		st.WriteString(pathOf(in.Request, in.URL))
	case entry.PartEscapedPath:
		st.WriteString(escapedPath(pathOf(in.Request, in.URL)))
	case entry.PartCanonicalQuery:
		st.WriteString(canonicalQuery(in.Request.URL.RawQuery))
	case entry.PartBodySHA256:
		sum := sha256.Sum256(in.Body)
		st.Write(sum[:])
	case entry.PartBodySHA256Hex:
		sum := sha256.Sum256(in.Body)
		st.WriteString(hex.EncodeToString(sum[:]))
	case entry.PartBodyMD5:
		if len(in.Body) > 0 {
			sum := md5.Sum(in.Body)
			st.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
		}
	case entry.PartListedHeaders:
		writeListedHeaders(st, in.Request, v.listedHeaders)
	case entry.PartSecret:
		st.Write(k.material)
	case entry.PartJSON, entry.PartForm, entry.PartQuery:
		text := p.values[part.value].text
		if part.Lower {
			text = strings.ToLower(text)
		}
		st.WriteString(text)
	case entry.PartSortedForm:
		for _, f := range p.form {
			st.WriteString(f.name)
			st.WriteString(f.value)
		}
	case entry.PartSortedQuery:
		st.WriteString(sortedQuery(in.URL, len(p.form) > 0))
	case entry.PartCRC32:
		st.WriteString(strconv.FormatUint(uint64(crc32.ChecksumIEEE(in.Body)), 10))
	case entry.PartURLBare:
		bare, _, _ := strings.Cut(in.URL, "?")
		st.WriteString(bare)
	case entry.PartURLWithPort:
		st.WriteString(urlWithPort(in.URL))
	case entry.PartURLWithoutPort:
		st.WriteString(urlWithoutPort(in.URL))
	case entry.PartReplacedBody:
		st.Write(in.Body[:p.replaced[0]])
		st.Write(k.material)
		st.Write(in.Body[p.replaced[1]:])
	default:
		panic(fmt.Sprintf("sallyport: unknown part %d in an entry", part.Kind))
	}
}
