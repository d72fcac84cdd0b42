package docgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func proof(e *entry.Entry) string {
	if s := e.Scheme; s != nil {
		if s.Custom != nil {
			return s.Custom.Traits().Proof
		}
		where := "the body"
		if s.Signature.Query != "" {
			where = "the URL's `" + s.Signature.Query + "`"
		}
		switch names := slices.Concat(s.Signature.Headers, s.Signature.Further); {
		case len(names) > 3:
			where = "`" + names[0] + "` to `" + names[len(names)-1] + "`"
		case len(names) > 0:
			where = "`" + strings.Join(names, "` or `") + "`"
		}
		text := algorithm(s.Algorithm)
		if s.Second != nil {
			text += " or " + algorithm(s.Second.Algorithm)
		}
		return text + " in " + where
	}
	switch c := e.Credential; c.Kind {
	case entry.Basic:
		return "HTTP Basic"
	case entry.Bearer:
		return "bearer token"
	case entry.QueryToken:
		return "shared secret in the URL's `" + c.Name + "`"
	case entry.BodyToken:
		where := "shared secret in the body's `" + c.Name + "`"
		if c.Items != "" {
			return where + ", of each item of `" + c.Items + "`"
		}
		return where
	default:
		return "shared secret in `" + c.Name + "`"
	}
}

func algorithm(a entry.Algorithm) string {
	return map[entry.Algorithm]string{
		entry.HMACSHA1: "HMAC-SHA1", entry.HMACSHA256: "HMAC-SHA256", entry.HMACSHA384: "HMAC-SHA384",
		entry.HMACSHA512: "HMAC-SHA512", entry.DigestSHA1: "SHA-1 with the secret",
		entry.DigestSHA256: "SHA-256 with the secret", entry.DigestSHA512: "SHA-512 with the secret",
		entry.DigestMD5: "MD5 with the secret", entry.Ed25519: "Ed25519", entry.ECDSAP256SHA256: "ECDSA P-256",
		entry.RSAPKCS1SHA256: "RSA PKCS #1 SHA-256", entry.RSAPKCS1SHA1: "RSA PKCS #1 SHA-1",
		entry.RSAPSSSHA256: "RSA-PSS SHA-256", entry.RSAPKCS1SHA512: "RSA PKCS #1 SHA-512",
		entry.ECDSAP256SHA1: "ECDSA P-256 SHA-1", entry.RSAPSSSHA256AnySalt: "RSA-PSS SHA-256",
	}[a]
}

func signed(e *entry.Entry) string {
	switch {
	case e.Scheme == nil:
		return "nothing"
	case e.Scheme.Custom != nil:
		return e.Scheme.Custom.Traits().Signed
	}
	var b strings.Builder
	for _, p := range e.Scheme.Signed {
		b.WriteString(p.Before + part(&p) + p.After)
	}
	text := "`" + strings.NewReplacer("\n", `\n`).Replace(b.String()) + "`"
	if e.Scheme.Items != "" {
		text += " of each item of `" + e.Scheme.Items + "`"
	}
	if e.Scheme.BodySHA256 != "" {
		text += "; a body that is no form through its digest in the URL's `" + e.Scheme.BodySHA256 + "`"
	}
	return text + boundary(e.Scheme.Boundary())
}

// boundary says what closes the boundary behind a signed URL, and what to configure.
func boundary(b entry.Boundary) string {
	const orPublic = ", unless `PublicURL` is configured"
	switch {
	case b.URL:
		return "; nothing else ends the URL: `PublicURL` has to be configured"
	case b.JSON:
		return "; nothing stands between URL and body: the body has to be one JSON object or list" + orPublic
	case b.Form != nil && b.Form.Only:
		return "; `" + b.Form.Field + "` has to be the form's one field, and a JSON list"
	case b.Form != nil:
		return "; a form has to begin, in the order of names, with one `" + b.Form.Field + "`" + orPublic
	case b.Query:
		return "; a query with a dot or an escaped &, and a form with = before its first dot, are refused" + orPublic
	default:
		return ""
	}
}

func part(p *entry.Part) string {
	switch p.Kind {
	case entry.PartLiteral:
		return p.Text
	case entry.PartHeader:
		return "{header:" + p.Text + "}"
	case entry.PartJSON:
		return "{" + p.Text + "}"
	case entry.PartForm:
		return "{form:" + p.Text + "}"
	case entry.PartQuery:
		return "{query:" + p.Text + "}"
	case entry.PartPayload:
		return "{body, or the form's one field " + p.Text + "}"
	case entry.PartPair:
		return "{pair:" + p.Text + "}"
	case entry.PartSortedForm:
		return sortedForm(p)
	case entry.PartListedHeaders:
		return "{headers that " + p.Text + " lists}"
	default:
		return map[entry.PartKind]string{
			entry.PartBody: "{body}", entry.PartTimestamp: "{timestamp}", entry.PartID: "{id}", entry.PartURL: "{url}",
			entry.PartMethod: "{method}", entry.PartPath: "{path}", entry.PartSecret: "{secret}",
			entry.PartSortedQuery: "{sorted query}", entry.PartURLWithoutQuery: "{url without its query}",
			entry.PartURLWithPort:    "{url, with or without its port}",
			entry.PartURLWithoutPort: "{url, with or without its port}",
			entry.PartReplacedBody:   "{body with the secret in the signature's place}",
			entry.PartURLUnescaped:   "{url, partly unescaped}", entry.PartCRC32: "{CRC-32 of the body}",
			entry.PartBodyMD5: "{MD5 of the body}", entry.PartBodySHA256: "{SHA-256 of the body}",
			entry.PartBodySHA256Hex:    "{hexadecimal SHA-256 of the body}",
			entry.PartBodySHA256Base64: "{base64 SHA-256 of the body}", entry.PartHost: "{host}",
			entry.PartBodyText:       "{body as a JSON text}",
			entry.PartBodyOrQuery:    "{body, or the query where there is none}",
			entry.PartCanonicalQuery: "{sorted query}", entry.PartEscapedPath: "{escaped path}",
		}[p.Kind]
	}
}

func sortedForm(p *entry.Part) string {
	text := "{sorted form"
	if p.Between != "" {
		text += " as k" + p.Equals + "v" + p.Between + "k" + p.Equals + "v"
	}
	if len(p.Without) > 0 {
		text += ", without " + strings.Join(p.Without, ", ")
	}
	return text + "}"
}

// signsTime says that a time is proved, and checked.
func signsTime(e *entry.Entry) bool {
	if e.Scheme == nil {
		return false
	}
	if e.Scheme.Custom != nil {
		return e.Scheme.Custom.Traits().Time
	}
	body := false
	for _, p := range e.Scheme.Signed {
		if p.Kind == entry.PartTimestamp || p.Kind == entry.PartListedHeaders || p.Kind == entry.PartJSON &&
			p.Text == e.Scheme.Timestamp.JSON {
			return true
		}
		body = body || p.Kind == entry.PartBody
	}
	return body && e.Scheme.Timestamp.JSON != ""
}

func fresh(e *entry.Entry) string {
	if !signsTime(e) {
		return "none"
	}
	tolerance := cmp.Or(e.Scheme.Timestamp.Tolerance, 5*time.Minute)
	if past := e.Scheme.Timestamp.Past; past > 0 {
		return length(past) + " back, " + length(tolerance) + " ahead"
	}
	return "±" + length(tolerance)
}

func secret(c catalogue.Entry, e *entry.Entry) string {
	if e.SecretFrom == "" {
		return "you choose it"
	}
	if c.FetchesKeys() {
		return "`core.Config.Keys` fetches the keys; without it: " + e.SecretFrom
	}
	return e.SecretFrom
}

// details says where the details of an event are read.
func details(e *entry.Entry) string {
	var all []string
	for _, one := range []struct {
		name   string
		values []entry.Value
	}{
		{"id", e.Event.ID}, {"type", e.Event.Type}, {"action", e.Event.Action}, {"time", e.Event.Time},
		{"tenant", e.Event.Tenant}, {"attempt", e.Event.Attempt},
	} {
		if len(one.values) > 0 {
			all = append(all, one.name+" "+places(one.values))
		}
	}
	if e.Event.Data != "" {
		all = append(all, "data `"+e.Event.Data+"`")
	}
	if b := e.Batch; b != nil {
		text := "each item of the list"
		if b.Or != "" {
			text += " or of `" + b.Or + "`"
		}
		if b.Pointer != "" {
			text = "each item of `" + b.Pointer + "`"
		}
		if len(b.Inner) > 0 {
			text = "each item of `" + strings.Join(b.Inner, "` and `") + "` in " + text
		}
		all = append(all, text+" is one event")
	}
	return strings.Join(all, "; ")
}

func places(values []entry.Value) string {
	var all []string
	for i, v := range values {
		text := ""
		switch {
		case v.Header != "":
			text = "header `" + v.Header + "`"
		case v.Const != "" && v.JSON != "":
			text = "`" + v.Const + "` where `" + v.JSON + "` is there"
		case v.JSON != "" && v.With != "":
			text = "`" + v.JSON + "` where `" + v.With + "` is there"
		case v.JSON != "":
			text = "`" + v.JSON + "`"
		case v.Envelope != "":
			text = "the envelope's `" + v.Envelope + "`"
		case v.FirstKey != "":
			text = "the name of the first member but `" + v.FirstKey + "`"
			if v.NotKeys != "" {
				text += " and those of every item"
			}
		case v.Query != "":
			text = "the URL's `" + v.Query + "`"
		case v.Form != "":
			text = "the form's `" + v.Form + "`"
		}
		if i == 2 && len(values) > 3 {
			return strings.Join(all, " or ") + " and others alike"
		}
		all = append(all, text)
	}
	return strings.Join(all, " or ")
}

// handshake says what is asked and what is answered.
func handshake(h *entry.Handshake) string {
	text := h.Method
	switch {
	case h.SecretHeader != "":
		return text + " with `" + h.SecretHeader + "` hands the secret over, once, and is answered with it"
	case h.SecretJSON != "":
		return text + " with `" + h.SecretJSON + "` hands the secret over, once"
	case h.WhenHeader != "":
		text += " with `" + h.WhenHeader + "`"
	case h.WhenQuery != "":
		text += " with the parameter `" + h.WhenQuery + "`"
	case h.WhenJSON != "":
		text += " whose `" + h.WhenJSON + "` is `" + h.WhenEquals + "`"
	case h.WhenForm != "":
		text += " of a form with `" + h.WhenForm + "`"
	}
	if h.WhileAwaiting {
		text += " while the secret is awaited"
	}
	switch {
	case h.Proved:
		text += ", proved"
	case h.Published != "":
		text += ", signed with the secret `" + h.Published + "`, which is published and proves nothing else"
	case h.TokenJSON != "":
		text += ", encrypted and not signed, with a verify token in `" + h.TokenJSON + "`"
	case h.TokenQuery != "":
		text += ", with a verify token in `" + h.TokenQuery + "`"
	case h.Unsigned:
		text += ", without a signature"
	}
	switch {
	case len(h.Headers) > 0:
		text += ": answered in `" + h.Headers[0][0] + "`"
	case h.Answer != "":
		text += ": answered with `" + h.Answer + "`"
	case h.EchoSealed:
		text += ": answered with the decrypted challenge"
	case h.AnswerAck:
		text += ": answered with an acknowledgement"
	case h.EchoQuery != "" || h.EchoJSON != "" || h.WhenHeader != "":
		text += ": answered with the challenge"
	case h.Body != "":
		text += ": answered with `" + h.Body + "`"
	default:
		text += fmt.Sprintf(": answered %d", h.StatusOr200())
	}
	if h.Note != "" {
		text += "; " + h.Note
	}
	return text
}

func again(e *entry.Entry) string {
	if e.NeverRetries {
		if e.RetryHorizon > 0 {
			return "never by itself; lists for " + length(e.RetryHorizon)
		}
		return "never by itself"
	}
	return length(e.RetryHorizon)
}

func length(d time.Duration) string {
	switch {
	case d == 0:
		return "unknown"
	case d%(24*time.Hour) == 0 && d >= 72*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return fmt.Sprintf("%d s", d/time.Second)
	}
}

func size(n int64) string {
	n = cmp.Or(n, 1<<20)
	return fmt.Sprintf("%d MiB", n>>20)
}
