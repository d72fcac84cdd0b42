package signature

import (
	"crypto/md5" // some senders sign the MD5 of the body
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// writeSigned writes the signed bytes to the hash, part by part, as they came. Where k is nil, what is of the key is
// left out.
//
// It trims and normalises nothing. Whatever it changed, an attacker could change as well under the same
// signature.
func (v *Verifier) writeSigned(st *digest.State, reading []part, k *activeKey, in *Input) {
	for i := range reading {
		part := &reading[i]
		// An absent part takes its fixed text before and after with it. The sender decides so, and
		// signs what is left.
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

// isPresent reports whether the delivery has an optional part.
//
// An empty header counts as absent: Header.Get does not tell the two apart.
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

// writePart writes one part.
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
	case entry.PartMethod:
		text := in.Request.Method
		if part.Lower {
			text = strings.ToLower(text)
		}
		st.WriteString(text)
	case entry.PartListedHeaders:
		writeListedHeaders(st, in.Request, v.listedHeader)
	case entry.PartSecret:
		st.Write(k.material)
	case entry.PartJSON, entry.PartForm, entry.PartQuery:
		text := p.values[part.value].text
		if part.Lower {
			text = strings.ToLower(text)
		}
		st.WriteString(text)
	// Some senders have nothing between names and values. What that leaves open, checkBoundary closes, and separated
	// where there are separators.
	case entry.PartSortedForm:
		for i, f := range p.form {
			if i > 0 {
				st.WriteString(part.Between)
			}
			st.WriteString(f.name)
			st.WriteString(part.Equals)
			st.WriteString(f.value)
		}
	case entry.PartPair:
		st.WriteString(p.values[part.value].text)
	case entry.PartBodyText:
		writeText(st, in.Body)
	case entry.PartBodyOrQuery:
		if len(in.Body) > 0 {
			st.Write(in.Body)
		} else {
			st.WriteString(in.Request.URL.RawQuery)
		}
	case entry.PartPayload, entry.PartBodySHA256, entry.PartBodySHA256Hex,
		entry.PartBodySHA256Base64, entry.PartBodyMD5, entry.PartCRC32,
		entry.PartReplacedBody:
		writeFromBody(st, part, k, in)
	default:
		st.WriteString(urlPart(part, in))
	}
}

// writeFromBody writes a part that is derived from the body.
func writeFromBody(st *digest.State, part *part, k *activeKey, in *Input) {
	switch p := in.Claims; part.Kind {
	case entry.PartPayload:
		// nil is not empty: an empty value of the form's field is signed as nothing, and the whole body
		// is not.
		if p.Payload != nil {
			st.Write(p.Payload)
		} else {
			st.Write(in.Body)
		}
	case entry.PartBodySHA256:
		sum := sha256.Sum256(in.Body)
		st.Write(sum[:])
	case entry.PartBodySHA256Hex:
		sum := sha256.Sum256(in.Body)
		st.WriteString(hex.EncodeToString(sum[:]))
	case entry.PartBodySHA256Base64:
		sum := sha256.Sum256(in.Body)
		st.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
	case entry.PartBodyMD5:
		// Without a body such senders sign an empty text here, and not the MD5 of nothing.
		if len(in.Body) > 0 {
			sum := md5.Sum(in.Body)
			st.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
		}
	case entry.PartCRC32:
		st.WriteString(strconv.FormatUint(uint64(crc32.ChecksumIEEE(in.Body)), 10))
	case entry.PartReplacedBody:
		// The secret takes the signature's place, as the sender had it there while it hashed. Both
		// bounds come from the scan of this very body.
		st.Write(in.Body[:p.replaced[0]])
		st.Write(k.material)
		st.Write(in.Body[p.replaced[1]:])
	}
}

// urlPart returns a part that is the URL, or a piece of it, in one of its forms.
func urlPart(part *part, in *Input) string {
	switch part.Kind {
	case entry.PartURL:
		return in.URL
	case entry.PartHost:
		_, host, _, _ := SplitURL(in.URL)
		return host
	case entry.PartURLUnescaped:
		return unescapedURL(in.URL, part.Text)
	case entry.PartURLWithoutQuery:
		bare, _, _ := strings.Cut(in.URL, "?")
		return bare
	case entry.PartURLWithPort:
		return urlWithPort(in.URL)
	case entry.PartURLWithoutPort:
		return urlWithoutPort(in.URL)
	case entry.PartPath:
		return pathOf(in.Request, in.URL)
	case entry.PartEscapedPath:
		return escapedPath(pathOf(in.Request, in.URL))
	case entry.PartCanonicalQuery:
		return canonicalQuery(in.Request.URL.RawQuery)
	case entry.PartSortedQuery:
		return sortedQuery(in.URL, len(in.Claims.form) > 0)
	default:
		// Fails closed. compile refuses unknown kinds, so no delivery can get here. Signing nothing in
		// silence would be worse.
		panic(fmt.Sprintf("sallyport: unknown part %d in an entry", part.Kind))
	}
}
