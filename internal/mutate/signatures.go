package main

// ofSignatures break how JSON Web Signatures in bodies and headers are read, and how the chains of their certificates
// are verified.
func ofSignatures() []mutation {
	const (
		header, compact  = "core/provider/jws/header.go", "core/provider/jws/compact.go"
		chain, mechanism = "core/provider/jws/chain.go", "core/provider/jws/mechanism.go"
		detached, times  = "core/provider/jws/detached.go", "core/provider/jws/times.go"
		apple            = "core/provider/jws/apple.go"
	)
	jws := []string{"./core/provider/jws"}
	return []mutation{
		{name: "a signature chooses its algorithm", file: header,
			old: "if !algOK || string(alg) != m.algorithm {", new: "if !algOK && string(alg) != m.algorithm {", in: jws},
		{name: "a signature names a key of the sender's choice", file: header,
			old: "case h.refused != \"\":", new: "case false:", in: jws},
		{name: "a chain may be of any length", file: header,
			old: "|| len(list) != chainLength {", new: "|| len(list) < 2 {", in: jws},
		{name: "any set of keys may be named", file: header,
			old: "!ok || !slices.Contains(m.jku, string(jku)) {", new: "!ok || len(jku) == 0 {", in: jws},
		{name: "an encoded payload counts as a plain one", file: header,
			old: "if string(h.b64) != \"false\" || ", new: "if ", in: jws},
		{name: "stray bits of a signature's base64 are passed over", file: compact,
			old: "base64.RawURLEncoding.Strict()", new: "base64.RawURLEncoding", in: jws},
		{name: "line breaks in a signature are passed over", file: compact,
			old: "if bytes.IndexByte(text, '\\n') >= 0 || bytes.IndexByte(text, '\\r') >= 0 {", new: "if false {", in: jws},
		{name: "a detached signature may have a payload", file: compact,
			old: "detached != (len(s.second) == 0) {", new: "!detached && len(s.second) == 0 {", in: jws},
		{name: "a chain leads to any root of its own", file: chain,
			old: "if len(chain) != chainLength || !chain[1].Equal(second) {", new: "if len(chain) == 0 {", in: jws},
		{name: "a leaf needs no mark", file: chain,
			old: "case !marked(leaf, c.leafMark):", new: "case false:", in: jws},
		{name: "an intermediate needs no mark", file: chain,
			old: "case !marked(second, c.interims):", new: "case false:", in: jws},
		{name: "an authority signs as a leaf", file: chain, old: "case leaf.IsCA:", new: "case false:", in: jws},
		{name: "a leaf that is not for signatures signs", file: chain,
			old: "leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:", new: "leaf.KeyUsage == 0:", in: jws},
		{name: "a kept chain never ends", file: chain,
			old: "&& !now.After(good.to) {", new: "{", in: jws},
		{name: "a kept chain ends with its leaf alone", file: chain,
			old: "if one.NotAfter.Before(good.to) {", new: "if false {", in: jws},
		{name: "an intermediate may be pinned as a root", file: chain,
			old: "case root.CheckSignatureFrom(root) != nil:", new: "case false:", in: jws},
		{name: "a notification for any app will do", file: apple,
			old: "case string(bundle) != c.BundleID, c.Environment", new: "case len(bundle) == 0, c.Environment", in: jws},
		{name: "a notification of any environment will do", file: apple,
			old: "case string(environment) != c.Environment:", new: "case string(environment) == \"\":", in: jws},
		{name: "the number of the app is not compared", file: apple,
			old: "string(found[2]) != strconv.FormatInt(c.AppAppleID, 10):", new: "strconv.FormatInt(c.AppAppleID, 10) == \"\":", in: jws},
		{name: "the time of a request need not be signed", file: detached,
			old: "if !seen[timestampHeader] {", new: "if false {", in: jws},
		{name: "a signed header may come twice", file: detached,
			old: "\t\tcase len(values) > 1:", new: "\t\tcase false:", in: jws},
		{name: "a signature of the body alone covers the request", file: detached,
			old: "if !ok || string(version) != \"2\" {", new: "if !ok && string(version) != \"2\" {", in: jws},
		{name: "a token in a body never expires", file: times,
			old: "case !exp.IsZero() && !now.Before(exp.Add(leeway)):", new: "case !exp.IsZero() && false:", in: jws},
		{name: "a time that must be signed may be missing", file: times,
			old: "if err == nil && at.IsZero() {", new: "if false {", in: jws},
		{name: "what repeats byte for byte is one event", file: mechanism,
			old: "if m.withHeader {", new: "if false {", in: jws},
	}
}
