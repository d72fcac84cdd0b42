package main

// ofHeaders break how headers, timestamps and ids are read.
func ofHeaders() []mutation {
	const fields, timestamp, handshake = "core/internal/signature/fromheaders.go", "core/internal/signature/freshness.go", "core/internal/handshake/challenge.go"
	return []mutation{
		{name: "the first of two headers wins", file: "core/internal/httpfield/header.go", old: "case len(values) > 1:", new: "case false:"},
		{name: "the first of two signature headers wins", file: fields, old: "if len(lines) > 1 && !repeats {", new: "if len(lines) > 1 && !repeats {\n\t\tlines = lines[:1]\n\t}\n\tif false {"},
		{name: "headers of any length are read", file: fields, old: "const MaxHeaderBytes = 8 << 10", new: "const MaxHeaderBytes = 8 << 20"},
		{name: "a missing id is no failure", file: fields, old: "if p.ID == \"\" {\n\t\treturn fault.New(", new: "if p.ID == \"\" {\n\t\treturn fault.Failure{}\n\t}\n\tif false {\n\t\treturn fault.New("},
		{name: "an id may hold anything", file: fields, old: "if !MatchesGrammar(v.scheme.ID.Grammar, p.ID) {", new: "if false {"},
		{name: "a signed value may hold anything", file: fields, old: "case present && !MatchesGrammar(want.grammar, text):", new: "case false:"},
		{name: "a signed value may be missing", file: fields, old: "case !present && !want.optional:", new: "case false:"},
		{name: "the first of two signed parameters wins", file: fields, old: "if err != nil || n > 1 {", new: "if err != nil {"},
		{name: "a signed header may hold anything", file: fields, old: `if text != "" && !MatchesGrammar(part.Grammar, text) {`, new: `if text == "a text that never comes" {`, in: []string{"./core", "./core/provider"}},

		{name: "a tenant's key may hold anything", file: "core/tenant.go", old: "if !keyring.ValidTenant(key) {", new: "if false {"},
		{name: "the first of two tenants wins", file: "core/tenant.go", old: "case 1:\n\t\t\tkey = values[0]", new: "case 1, 2:\n\t\t\tkey = values[0]"},
		{name: "every tenant may have the same secrets", file: "core/tenant.go", old: "if k.Proves() && k.ByTenant() {\n\t\t\treturn", new: "if k != nil {\n\t\t\treturn"},
		{name: "credentials are those of no tenant", file: "core/internal/credential/values.go", old: "list, err := v.ring.Current(ctx, in.Tenant, in.Now)\n\tif err != nil {\n\t\treturn nil, keyring", new: "list, err := v.ring.Current(ctx, \"\", in.Now)\n\tif err != nil {\n\t\treturn nil, keyring"},

		{name: "the window has no end in the future", file: timestamp, old: "case age < -v.Future:", new: "case false:"},
		{name: "the window has no end in the past", file: timestamp, old: "case age > v.Past:", new: "case false:"},
		{name: "the window is open at its old end", file: timestamp, old: "case age > v.Past:", new: "case age >= v.Past:"},
		{name: "the window is a second longer", file: timestamp, old: "case age > v.Past:", new: "case age > v.Past+time.Second:"},
		{name: "the window is a second longer in the future", file: timestamp, old: "case age < -v.Future:", new: "case age < -v.Future-time.Second:"},
		{name: "a timestamp may begin with a zero", file: timestamp, old: "|| (text[0] == '0' && len(text) > 1) {", new: "{"},
		{name: "a timestamp may hold anything that parses", file: timestamp, old: "if text[i] < '0' || text[i] > '9' {", new: "if false {"},
		{name: "a missing timestamp is no failure", file: timestamp, old: "if text == \"\" {\n\t\treturn fault.New(", new: "if text == \"\" {\n\t\treturn fault.Failure{}\n\t}\n\tif false {\n\t\treturn fault.New("},
		{name: "a malformed timestamp is no failure", file: timestamp, old: "if !ok {\n\t\treturn fault.New(", new: "if !ok {\n\t\treturn fault.Failure{}\n\t}\n\tif false {\n\t\treturn fault.New("},

		{name: "a handshake's token is not compared", file: handshake, old: "if f := s.checkToken(token, in); f.Failed() {", new: "if f := s.checkToken(token, in); false && f.Failed() {"},
		{name: "a challenge may hold anything", file: handshake, old: "if !ok {\n\t\t\treturn fault.New(", new: "if false && !ok {\n\t\t\treturn fault.New("},
		{name: "a challenge of any length is echoed", file: handshake, old: "const maxChallenge = 512", new: "const maxChallenge = 512000"},
		{name: "a secret is handed over again and again", file: handshake, old: "if !s.handedOver.CompareAndSwap(false, true) {", new: "if false {"},
		{name: "a marker that is escaped marks nothing", file: handshake, old: " || bytes.Contains(body, []byte(`\\u00`))", new: ""},
		{name: "a challenge is no matter of the provider's grammar", file: handshake, old: "if !signature.MatchesGrammar(h.Grammar, challenge) {", new: "if false && !signature.MatchesGrammar(h.Grammar, challenge) {", in: []string{"./core", "./core/provider"}},
	}
}
