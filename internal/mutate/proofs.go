package main

// ofProofs break what proves a delivery.
func ofProofs() []mutation {
	const signature, verifier, credential, receive = "core/internal/signature/parse.go", "core/internal/signature/verifier.go", "core/internal/credential/values.go", "core/receive.go"
	return []mutation{
		{name: "a MAC always compares equal", file: signature, old: "if hmac.Equal(c.bytes[i][:c.size], mac) {", new: "if hmac.Equal(c.bytes[i][:0], mac[:0]) {"},
		{name: "only the beginning of a MAC is compared", file: signature, old: "if hmac.Equal(c.bytes[i][:c.size], mac) {", new: "if hmac.Equal(c.bytes[i][:4], mac[:4]) {"},
		{name: "only the end of a MAC is compared", file: signature, old: "if hmac.Equal(c.bytes[i][:c.size], mac) {", new: "if hmac.Equal(c.bytes[i][c.size-4:c.size], mac[len(mac)-4:]) {"},
		{name: "only the first signature of a list counts", file: signature, old: "for i := range c.n {", new: "for i := range min(c.n, 1) {"},
		{name: "a short signature is filled up with zeros", file: signature, old: "if !ok || n != len(dst) {", new: "if !ok {"},
		{name: "the prefix of a signature is not compared", file: signature, old: "rest, ok := strings.CutPrefix(text, sig.Prefix)\n\t\tif !ok {", new: "_, rest, ok := strings.Cut(text, \"=\")\n\t\tif !ok {"},
		{name: "any version of a signature counts", file: signature, old: `if name := v.kinds[i].Name; name == "" || name == version {`, new: `if name := v.kinds[i].Name; name != "" || name == version {`},
		{name: "any number of signatures", file: signature, old: "const maxSignatures = 16", new: "const maxSignatures = 1600"},
		{name: "line breaks inside a signature are passed over", file: signature, old: `if b == '\r' || b == '\n' { // which`, new: `if b == 0 { // which`},
		{name: "stray bits in base64 are passed over", file: signature, old: "n, err := codec.Strict().Decode(out, src)", new: "n, err := codec.Decode(out, src)"},
		{name: "a second timestamp in the list takes the place of the first", file: signature, old: "if t.timestamp {", new: "if false {"},
		{name: "nothing to judge is nothing wrong", file: signature, old: "if t.malformed == 0 && t.foreign > 0 {\n\t\treturn fault.New(", new: "if t.malformed == 0 && t.foreign > 0 {\n\t\treturn fault.Failure{}\n\t}\n\tif false {\n\t\treturn fault.New("},

		{name: "a secret whose time is over still counts", file: verifier, old: "if !k.secret.ActiveAt(in.Now) {", new: "if false {"},
		{name: "only the first secret is tried", file: verifier, old: "i := (start + n) % len(keys.List)", new: "i := start * 0"},
		{name: "only the first item of a list is verified", file: verifier, old: "for i := range p.items {\n\t\titem := in.with(&p.items[i])\n\t\tk, f := v.verifyOne(", new: "for i := range min(len(p.items), 1) {\n\t\titem := in.with(&p.items[i])\n\t\tk, f := v.verifyOne("},
		{name: "a mismatch is no failure", file: verifier, old: "return nil, fault.New(reason.BadSignature, v.explainMismatch(in.Body, in.URL))", new: "return &keys.List[0], fault.Failure{}"},
		{name: "the timestamp in the headers is not judged", file: verifier, old: "return in.Claims.tolerate(v.freshGroup(in.Claims, in.Now))\n}", new: "return fault.Failure{}\n}"},
		{name: "the timestamp in the body is not judged", file: verifier, old: "if (v.inBody || v.timeInBody) && p.items == nil {", new: "if false {"},
		{name: "a body that is no object passes where challenges are signed for anybody", file: verifier, old: "if v.objectBody && !oneObject(body) {", new: "if false {", in: []string{"./core", "./core/provider"}},
		{name: "lines of objects pass as one", file: verifier, old: "body[0] == '{' && !bytes.Contains(body, []byte(\"}\\n{\")) &&", new: "body[0] == '{' &&", in: []string{"./core/provider"}},
		{name: "a key that was fetched before judges for every other", file: verifier, old: "if f := v.fetched.Load(); f != nil && samePublicKey(f.public, public) {", new: "if f := v.fetched.Load(); f != nil {"},
		{name: "the digest of the body in the signed URL is not compared", file: verifier, old: "if f := v.checkBodyDigest(in); f.Failed() {", new: "if f := v.checkBodyDigest(in); false && f.Failed() {"},

		{name: "every credential matches", file: credential, old: "if hmac.Equal(sum[:], s.Sum[:]) && match == nil {", new: "if hmac.Equal(sum[:0], s.Sum[:0]) && match == nil {"},
		{name: "a credential whose time is over still counts", file: credential, old: "if !s.ActiveAt(in.Now) {", new: "if false {"},
		{name: "the first of two Authorization headers wins", file: credential, old: "if len(values) > 1 {", new: "if false {"},
		{name: "the first of two tokens in the query wins", file: credential, old: "case err != nil || n > 1:", new: "case err != nil || n < 0:"},
		{name: "a missing header is no failure", file: credential, old: "return nil, fault.New(reason.MissingCredential, p.texts.missing)", new: "return nil, fault.Failure{}"},
		{name: "a credential of any length is hashed", file: credential, old: "const maxBytes = 4096", new: "const maxBytes = 1 << 30"},
		{name: "stray bits in Basic are passed over", file: credential, old: "base64.StdEncoding.Strict().AppendDecode(", new: "base64.StdEncoding.AppendDecode("},
		{name: "control characters in Basic are passed over", file: credential, old: "if b < 0x20 || b == 0x7f {\n\t\t\treturn nil, false", new: "if b == 0x7f {\n\t\t\treturn nil, false"},
		{name: "any scheme of Authorization counts as Basic", file: credential, old: `case p.basic != nil && strings.EqualFold(scheme, "Basic"):`, new: `case p.basic != nil:`},

		{name: "a signature is not asked for beside a credential", file: receive, old: "if v := g.signature; v != nil && i.unproved == nil {", new: "if v := g.signature; v != nil && i.unproved == nil && len(i.credentials) == 0 {"},
		{name: "a credential is not asked for beside a signature", file: receive, old: "if place.InBody() {\n\t\t\tcontinue", new: "if place.InBody() || g.signature != nil {\n\t\t\tcontinue"},
		{name: "the store is asked before anything is proved", file: receive, old: "if f := g.checkBody(r, i); f.Failed() {", new: "if g.memory.Store != nil {\n\t\t_, _ = g.memory.Store.Claim(r.Context(), nil, time.Second)\n\t}\n\tif f := g.checkBody(r, i); f.Failed() {"},
		{name: "handshakes are answered before the proof", file: receive, old: "reply, f := g.publishedTest(r, i, f)\n\t\tif reply != nil {", new: "reply, f := g.publishedTest(r, i, f)\n\t\tif again, ok := g.provedHandshake(r, i); again != nil && !ok.Failed() {\n\t\t\treturn nil, again\n\t\t}\n\t\tif reply != nil {"},
		{name: "a published secret proves an event", file: "core/internal/handshake/published.go", old: "h.isTest(in.Body) && s.signs(", new: "s.signs(", in: []string{"./core"}},
		{name: "an event is taken for a handshake", file: "core/internal/handshake/challenge.go", old: " && raw[2] == nil", new: "", in: []string{"./core", "./internal/adaptertest"}},
		{name: "a form's other fields go with a signed payload", file: "core/internal/signature/frombody.go", old: "ok = fields == 1 && string(name)", new: "ok = string(name)", in: []string{"./core", "./internal/adaptertest"}},
		{name: "the body is read before the credentials are judged", file: receive, old: "if f := g.checkCredentials(r, i); f.Failed() {", new: "if len(g.credentials) > 0 && r.Body != nil {\n\t\tif b, f := g.takeBody(r, i); !f.Failed() {\n\t\t\trestoreBody(r, &Delivery{facts: facts{body: b}})\n\t\t}\n\t}\n\tif f := g.checkCredentials(r, i); f.Failed() {"},
		{name: "an unproved delivery that is let through counts as proved", file: receive, old: "if i.unproved != nil {\n\t\treturn fault.Failure{}\n\t}\n\tif f := g.enforce(&i.facts, CheckSignature, g.provedForNobody(i)); f.Failed() {\n\t\treturn f\n\t}\n\tif f := g.enforceProof(i, CheckSignature, g.provedForOthers(r, body)); f.Failed() || i.unproved != nil {", new: "if f := g.enforce(&i.facts, CheckSignature, g.provedForNobody(i)); f.Failed() {\n\t\treturn f\n\t}\n\tif f := g.enforceProof(i, CheckSignature, g.provedForOthers(r, body)); f.Failed() {"},
		{name: "what is proved for a tenant that was unknown before counts", file: "core/tenant.go", old: "case !g.tenants.key.set || i.tenant != \"\":", new: "case true:"},
		{name: "what is signed for somebody else counts", file: "core/events.go", old: "if g.events.ForUs(r.Header, body) {", new: "if true || g.events.ForUs(r.Header, body) {", in: []string{"./core/provider"}},
		{name: "a secret that was silent for minutes is called safe to remove", file: "core/rotation.go", old: "max(g.retryHorizon(), keyring.LeastSilence)", new: "g.retryHorizon()"},
		{name: "every check only reports", file: "core/reportonly.go", old: "case !g.reporting.set.has(check):", new: "case false:"},
		{name: "a proof that cannot be tried lets everybody through", file: "core/reportonly.go", old: "case f.Reason.Class() == reason.ClassState || g.tenants.key.set && i.tenant == \"\":", new: "case g.tenants.key.set && i.tenant == \"\":"},
		{name: "an unknown tenant is let through where the signature only reports", file: "core/reportonly.go", old: "case f.Reason.Class() == reason.ClassState || g.tenants.key.set && i.tenant == \"\":", new: "case f.Reason.Class() == reason.ClassState:"},
		{name: "an unproved event has an identity", file: "core/events.go", old: "if e.Unproved {", new: "if false {"},
		{name: "a challenge without proof is answered where the signature only reports", file: "core/internal/handshake/proved.go", old: "case in.Unproved != nil:\n\t\t\treturn nil, *in.Unproved\n", new: ""},
		{name: "any fault of a timestamp is only noted", file: "core/internal/signature/freshness.go", old: "if !p.Lenient || (f.Reason != reason.Stale && f.Reason != reason.Early) {", new: "if !p.Lenient {"},
		{name: "a delivery counts twice for a list", file: "core/internal/keyring/matches.go", old: " && !slices.ContainsFunc(m.more[:i], u.sameList)", new: " && i >= 0"},
		{name: "a clock that was read earlier fills the budget", file: "core/internal/explain/allowance.go", old: "case since < 0 && since > -newClock:", new: "case false:"},
		{name: "explaining has no limit", file: "core/internal/explain/allowance.go", old: "a.common.left -= diagnosisLeast", new: ""},
		{name: "an explanation costs nothing by the clock", file: "core/internal/explain/allowance.go", old: "t.left = max(t.left-took, -maxDebt)", new: "_ = t"},
		{name: "a guard has no part of diagnosis for itself", file: "core/internal/explain/allowance.go", old: "case s.explaining == 0 && s.own.left >= diagnosisLeast:", new: "case false:"},
		{name: "long bodies are explained", file: "core/sampled.go", old: "&& len(i.body) <= maxExplainBody", new: ""},
		{name: "a token in the URL reaches the app", file: receive, old: "if len(i.stripQuery) > 0 || len(i.stripPath) > 0 {", new: "if false {"},
		{name: "equal names of two guards are no conflict", file: receive, old: "if d.guard.endpoint == g.endpoint {", new: "if false {"},
		{name: "a guard of another endpoint passes for this one's proof", file: receive, old: "if d.guard == g {", new: "if d.guard != nil {"},
	}
}

// ofKeys break how keys are read and tried.
func ofKeys() []mutation {
	const public, secrets = "core/publickey.go", "core/internal/keyring/rules.go"
	keyTests := []string{"./core", "./core/keys"}
	return []mutation{
		{name: "every signature of Ed25519 is right", file: public, old: "return alg == entry.Ed25519 && ed25519.Verify(pub, signed, signature)", new: "return alg == entry.Ed25519"},
		{name: "every signature of ECDSA is right", file: public, old: "return alg == entry.ECDSAP256SHA256 && ecdsa.VerifyASN1(pub, signed, signature)", new: "return alg == entry.ECDSAP256SHA256"},
		{name: "every signature of RSA is right", file: public, old: "return rsa.VerifyPKCS1v15(pub, hash, signed, signature) == nil", new: "return hash > 0"},
		{name: "every signature of RSA-PSS is right", file: public, old: "return rsa.VerifyPSS(pub, hash, signed, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil", new: "return hash > 0", in: []string{"./core", "./core/provider"}},
		{name: "keys of small order are accepted", file: public, old: "return checkEd25519Point(pub)", new: `return ""`},
		{name: "keys of RSA of any size are accepted", file: "core/internal/fitkey/check.go", old: "bits < least || bits > most {", new: "bits > most {", in: keyTests},
		{name: "an exponent of 1 is accepted", file: "core/internal/fitkey/check.go", old: "if k.E < 3 || k.E%2 == 0 || k.E > 1<<31-1 || k.N.Bit(0) == 0 {", new: "if k.N.Bit(0) == 0 {", in: keyTests},
		{name: "keys on another curve are accepted", file: "core/internal/fitkey/check.go", old: "if k.Curve != elliptic.P256() {", new: "if k.Curve != elliptic.P256() && k.Curve == nil {", in: keyTests},
		{name: "fetched keys of small order are accepted", file: "core/internal/fitkey/check.go", old: "if slices.Contains(SmallOrder(), hex.EncodeToString(masked)) {", new: "if len(hex.EncodeToString(masked)) < len(SmallOrder()) {", in: []string{"./core/keys", "./core/provider/httpsig"}},
		{name: "any number of public-key signatures", file: "core/internal/signature/publicsignature.go", old: "const maxPublicSignatures = 4", new: "const maxPublicSignatures = 4000"},
		{name: "a public-key signature of any length is tried", file: "core/internal/signature/publicsignature.go", old: "if !ok || n < least || n > most {", new: "if !ok {"},
		{name: "a fetched key is taken as it is", file: "core/internal/signature/verifier.go", old: "if problem := publickey.Check(k.Algorithm, &k.Key, public); problem != \"\" {", new: "if problem := publickey.Check(k.Algorithm, &k.Key, public); problem == \"none\" {"},

		{name: "a short secret is accepted", file: secrets, old: "const MinSecretBytes = 16", new: "const MinSecretBytes = 1"},
		{name: "an empty secret is accepted", file: secrets, old: "case text == \"\":\n\t\treturn key, \"the secret is empty\"", new: "case text == \"\":\n\t\tkey.Bytes = []byte{0}\n\t\treturn key, \"\""},
		{name: "a secret that is nothing but its prefix is accepted", file: secrets, old: `if encoded == "" {`, new: `if false {`},
		{name: "a placeholder is accepted", file: secrets, old: "t := strings.ToLower(strings.Trim(text,", new: "t := \"x\" + strings.ToLower(strings.Trim(text,"},
		{name: "white space about a secret is accepted", file: secrets, old: "case strings.TrimSpace(text) != text:", new: "case false:"},
		{name: "any number of secrets", file: "core/secretsource.go", old: "const MaxSecrets = 32", new: "const MaxSecrets = 3200"},
		{name: "a password may be empty", file: secrets, old: `case password == "":`, new: `case password == "\x00":`},

		{name: "a key may be fetched from any host", file: "core/keys/pin.go", old: "if i < 0 {", new: "if i < 0 {\n\t\ti = 0\n\t}\n\tif i < 0 {"},
		{name: "a key may be fetched from any path", file: "core/keys/pin.go", old: "if !p.Path.matches(rest[slash:]) {", new: "if false {"},
		{name: "a key may be fetched over plain HTTP", file: "core/keys/pin.go", old: "rest, ok := strings.CutPrefix(text, \"https://\")\n\tif !ok {\n\t\treturn Host{}", new: "rest, ok := strings.CutPrefix(strings.Replace(text, \"http://\", \"https://\", 1), \"https://\")\n\tif !ok {\n\t\treturn Host{}"},
		{name: "a document of any size is read", file: "core/internal/fetch/fetch.go", old: "if int64(len(out.Body)) > maxBytes {", new: "if false {", in: []string{"./core/keys", "./core/sources"}},
		{name: "a redirect is an answer", file: "core/keys/fetch.go", old: "case code != http.StatusOK:", new: "case code > 399:"},
		{name: "a member that comes twice in the body is taken once", file: "core/internal/jsonscan/scanner.go", old: "if seen&(1<<(i&63)) != 0 {", new: "if false {"},
		{name: "a member in another case is the member", file: "core/internal/jsonscan/scanner.go", old: "\t\t\tif exact {", new: "\t\t\tif exact || true {"},
		{name: "what stands next to a detail hides it", file: "core/internal/payload/reader.go", old: "r.paths.Read(d.Payload, found)", new: "r.paths.Find(d.Payload, found)"},
		{name: "a detail that comes twice is read", file: "core/internal/jsonscan/scanner.go", old: "child.clear(s.out)\n\t\t\t\tchild = nil", new: "child.clear(s.out)"},
		{name: "an id that comes twice is one", file: "core/internal/payload/names.go", old: "if slices.ContainsFunc(room, jsonscan.Twice) {", new: "if false {"},
		{name: "a bound on nesting loses a delivery that is proved", file: "core/internal/payload/batch.go", old: "r.recipient.Decide(payload, raw)", new: "r.recipient.Find(payload, raw)"},
	}
}
