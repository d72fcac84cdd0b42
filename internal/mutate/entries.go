package main

// ofEntries break mechanisms that a few entries need, and facts of entries themselves. The tests of the entries have to
// notice.
func ofEntries() []mutation {
	const (
		listed, path, handshake = "core/internal/signature/listedheaders.go", "core/internal/signature/path.go", "core/internal/handshake/challenge.go"
		batch, signature        = "core/internal/payload/batch.go", "core/internal/signature/parse.go"
	)
	in := []string{"./core/provider"}
	return []mutation{
		{name: "a list of signed headers need not name the timestamp", file: listed, old: "if !slices.Contains(names, strings.ToLower(must)) {", new: "if !slices.Contains(names, strings.ToLower(must)) && false {", in: in},
		{name: "a header that is listed may be missing", file: listed, old: "if len(r.Header[http.CanonicalHeaderKey(name)]) == 0 {", new: "if false {", in: in},
		{name: "a list of signed headers may come in any order", file: listed, old: "|| i > 0 && names[i-1] >= name {", new: "|| i < 0 && names[i-1] >= name {", in: in},
		{name: "what stands behind a second question mark is not signed", file: path, old: "if strings.Contains(query, \"?\") {\n\t\treturn target", new: "if before, _, more := strings.Cut(query, \"?\"); more {\n\t\tquery = before", in: in},
		{name: "a query that cannot be read is signed as none", file: path, old: "return \"?\" + raw", new: "return \"\"", in: in},
		{name: "a parameter turns a delivery into a handshake", file: handshake, old: "if r.Method == http.MethodPost && r.ContentLength > 0 {", new: "if false {", in: in},
		{name: "a handshake's other parameters decide nothing", file: handshake, old: "|| !h.queryHolds(r) {", new: "{", in: in},
		{name: "a sender that nobody named gets consent", file: handshake, old: "if h.WhenEquals != \"\" && challenge != h.WhenEquals {\n\t\treturn", new: "if false {\n\t\treturn", in: in},
		{name: "a binary event whose data is a list is split", file: batch, old: "if r.batch == nil || t.binary {", new: "if r.batch == nil {", in: in},
		{name: "the events of the second item of a list of lists are lost", file: batch, old: "\t\tif len(items) > MaxBatch {\n\t\t\treturn nil, false", new: "\t\tif len(items) > 0 {\n\t\t\treturn items, true\n\t\t}\n\t\tif len(items) > MaxBatch {\n\t\t\treturn nil, false", in: in},
		{name: "any scheme of the Authorization header will do", file: signature, old: "if !strings.EqualFold(scheme, prefix) || !ok", new: "if scheme == prefix+\"?\" || !ok", in: in},
		{name: "one item with the token vouches for the others", file: "core/internal/credential/body.go", old: "\t\tn++\n\t\tif labels", new: "\t\tif n++; n > 1 {\n\t\t\treturn nil\n\t\t}\n\t\tif labels", in: in},
		{name: "the digest of a body is not part of what is signed", file: "core/internal/signature/parts.go", old: "sum := sha256.Sum256(in.Body)\n\t\tst.Write(sum[:])", new: "sum := sha256.Sum256(nil)\n\t\tst.Write(sum[:])", in: in},

		{name: "Telnyx's signature covers no time", file: "core/provider/public_key.go", old: "Signed:    []entry.Part{entry.TimestampText(), entry.Literal(\"|\"), entry.Body()},", new: "Signed:    []entry.Part{entry.Literal(\"|\"), entry.Body()},", in: in},
		{name: "the end of a WebSub subscription is confirmed", file: "core/provider/websub.go", old: "QueryEquals: \"subscribe\", ", new: "", in: in},
		{name: "Figma's webhook is stopped by a wrong passcode", file: "core/provider/token_body.go", old: "\t\tAuthStatus: 503, Answers: tooLarge503(),\n", new: "", in: in},
	}
}
