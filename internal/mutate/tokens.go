package main

// ofTokens break what is read of tokens and message signatures, and how their signatures are checked.
func ofTokens() []mutation {
	const (
		members, numbers  = "core/internal/strictjson/members.go", "core/internal/rawecdsa/rawecdsa.go"
		token, claims     = "core/provider/jwt/token.go", "core/provider/jwt/claims.go"
		mechanism         = "core/provider/jwt/mechanism.go"
		digest, component = "core/provider/httpsig/digest.go", "core/provider/httpsig/component.go"
		signature         = "core/provider/httpsig/mechanism.go"
	)
	json, jwt, httpsig := []string{"./core/internal/strictjson", "./core/provider/jwt"}, []string{"./core/provider/jwt"}, []string{"./core/provider/httpsig"}
	return []mutation{
		{name: "a member of a token may come twice", file: members, old: "if !seen.add(name, t.plain) {", new: "if seen.add(name, t.plain); false {", in: json},
		{name: "a member may come twice where there are many", file: members, old: "if s.many[text] {", new: "if false {", in: json},
		{name: "names in another case are other names", file: members, old: "if c >= 'A' && c <= 'Z' {", new: "if c == 0 {", in: json},
		{name: "something may follow a token's JSON", file: members, old: "if r.space(); r.pos != len(data) {", new: "if false {", in: json},
		{name: "a token's JSON need not be UTF-8", file: members, old: "if !utf8.Valid(data) {", new: "if false {", in: json},
		{name: "a number that no reader holds is read", file: members, old: "return err == nil\n\t}\n\treturn true", new: "return err == nil || true\n\t}\n\treturn true", in: json},
		{name: "a token's JSON may be nested without an end", file: members, old: "func (r *reader) array(depth int) error {\n\tif depth >= maxDepth {", new: "func (r *reader) array(depth int) error {\n\tif depth < 0 {", in: json},

		{name: "a token chooses its algorithm", file: token, old: "\t\t\treturn methodOf(name)\n\t\t}\n\t}\n\treturn nil", new: "\t\t\treturn methodOf(name)\n\t\t}\n\t}\n\treturn methodOf(string(alg))", in: jwt},
		{name: "a token names a key of the sender's choice", file: token, old: "if h.refused != \"\" {", new: "if false {", in: jwt},
		{name: "stray bits of a token's base64 are passed over", file: token, old: "base64.RawURLEncoding.Strict()", new: "base64.RawURLEncoding", in: jwt},
		{name: "line breaks in a token are passed over", file: token, old: "if !ok || breaks(text) {", new: "if !ok {", in: jwt},
		{name: "a token may be of any type", file: token, old: "case len(typ) > 0 &&", new: "case false &&", in: jwt},
		{name: "the hash in a token is not compared", file: claims, old: "return subtle.ConstantTimeCompare(sum[:], want[:]) == 1, nil", new: "return subtle.ConstantTimeCompare(sum[:], want[:]) >= 0, nil", in: jwt},
		{name: "a time of a token has several forms", file: claims, old: "|| value[0] == '0' {", new: "{", in: jwt},
		{name: "a token never expires", file: mechanism, old: "if !exp.IsZero() && !now.Before(exp.Add(m.leeway)) {", new: "if exp.IsZero() && !now.Before(exp.Add(m.leeway)) && false {", in: jwt},
		{name: "a token is valid before its time", file: mechanism, old: "if !nbf.IsZero() && nbf.After(now.Add(m.leeway)) {", new: "if false {", in: jwt},
		{name: "a time that a token must have may be missing", file: mechanism, old: "if err == nil && needed && at.IsZero() {", new: "if err == nil && needed && at.IsZero() && false {", in: jwt},
		{name: "an address that was not verified counts", file: mechanism, old: "if !ok || string(c.verified) != \"true\" {", new: "if !ok {", in: jwt},
		{name: "a token of any issuer will do", file: mechanism, old: "if ok, err := oneOf(\"iss\", c.iss, m.issuers); err != nil || !ok {", new: "if _, err := oneOf(\"iss\", c.iss, m.issuers); err != nil {", in: jwt},
		{name: "a token for any audience will do", file: mechanism, old: "if ok, err := audience(c.aud, m.audiences); err != nil || !ok {", new: "if _, err := audience(c.aud, m.audiences); err != nil {", in: jwt},

		{name: "a number whose first bit is set is negative", file: numbers, old: "if n[0] >= 0x80 {", new: "if n[0] == 0 {", in: []string{"./core/internal/rawecdsa"}},
		{name: "a label of a message signature may come twice", file: signature, old: "|| members(lines[0]) != len(d.Names()) {", new: "{", in: httpsig},
		{name: "an algorithm of a Content-Digest may come twice", file: digest, old: "if n := len(digests.Names()); n > 0 && n != members(lines[0]) {", new: "if false {", in: httpsig},
		{name: "a covered field may hold a line break", file: component, old: "if strings.IndexByte(line, '\\n') >= 0 || strings.IndexByte(line, '\\r') >= 0 {", new: "if false {", in: httpsig},
		{name: "a nonce does not tell events apart", file: signature, old: "sorted = append(sorted, in.nonce...)\n", new: "", in: httpsig},
		{name: "a hash that is kept holds what came before", file: "core/internal/digest/hmackey.go", old: "\th.Reset()\n", new: "", in: []string{"./core/internal/digest", "./core/provider/httpsig"}},
	}
}
