package docgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// snippet is what a program configures. It takes the place of the guard and its route in the program of the README,
// whose variables it uses. A test compiles and runs that of every page.
func snippet(c catalogue.Entry, e *entry.Entry) string {
	proof := field("Secrets", "secrets.FromEnv(\""+variable(e)+"\")")
	switch {
	case e.BringsKeys(): // nothing is configured
		proof = ""
	case c.AsksForKeys():
		proof = field("Keys", "source")
	}
	setup := ""
	if e.AsksVerifyToken() {
		setup = field("Setup", "core.Setup{VerifyTokens: secrets.FromEnv(\""+upper(e)+"_VERIFY_TOKEN\")}")
	}
	text := c.Before() + guardOf(c, e, proof, setup)
	for _, path := range c.Paths() {
		text += fmt.Sprintf("ginwebhook.Handle(r, \"/webhooks/%s%s\", guard, signals)\n", e.Name, path)
	}
	return text
}

// firstSnippet is the guard of a program that starts before there is a secret.
func firstSnippet(c catalogue.Entry, e *entry.Entry) string {
	if !handsOver(e) {
		return guardOf(c, e, "", field("Setup", "core.Setup{AwaitingSecret: true}"))
	}
	// The file is readable by its owner only: it holds the secret in plain text.
	return "store := func(_ context.Context, secret secrets.Secret) error {\n\treturn os.WriteFile(\"" + e.Name +
		".secret\", []byte(secret.DangerouslyReveal()), 0o600)\n}\n" +
		guardOf(c, e, "", field("Setup", "core.Setup{AwaitingSecret: true, SecretSink: store}"))
}

// guardOf is the guard with the fields that differ from one program of the page to the other; empty: left out.
func guardOf(c catalogue.Entry, e *entry.Entry, proof, setup string) string {
	var b strings.Builder
	b.WriteString("guard, err := core.New(core.Config{\n" + field("Endpoint", fmt.Sprintf("%q", e.Name)) +
		field("Provider", c.Fact().Call) + proof + field("Replay", "memstore.New()"))
	if e.NeverRetries {
		b.WriteString(field("StoreFailure", "core.RefuseDelivery"))
	}
	b.WriteString(field("TrustedProxies", "core.PrivateNetworks"))
	if e.Scheme != nil && e.Scheme.Boundary().URL {
		b.WriteString(field("PublicURL", "\"https://hooks.example.com/webhooks/"+e.Name+"\""))
	}
	return b.String() + setup + "})\n" + catalogue.FailOnError
}

func field(name, value string) string { return fmt.Sprintf("\t%-15s %s,\n", name+":", value) }

func upper(e *entry.Entry) string { return strings.ToUpper(strings.ReplaceAll(e.Name, "-", "_")) }

// variable names the environment variable of the secret, or of the key that is not one.
func variable(e *entry.Entry) string {
	switch {
	case keyPair(e):
		return upper(e) + "_PUBLIC_KEY"
	case e.Scheme == nil && e.Credential.Kind == entry.Basic:
		return upper(e) + "_USER_PASSWORD"
	default:
		return upper(e) + "_SECRET"
	}
}

// keyPair reports whether Secrets hold public keys alone.
func keyPair(e *entry.Entry) bool {
	if e.Scheme != nil && e.Scheme.Custom != nil {
		traits := e.Scheme.Custom.Traits()
		return traits.Pair != 0 && !traits.Keyless
	}
	return e.Scheme != nil && e.Scheme.Algorithm.PublicKey() && e.Scheme.Second == nil
}

// setting names a parameter as core.Config does, or as the argument that it is.
func setting(p catalogue.Parameter) string {
	if p.Field == "" {
		return "`" + p.Name + "`"
	}
	return "`" + p.Field + "` (`" + p.Name + "` in the file of `sallyport serve`)"
}

// around says what the snippet does not show.
func around(c catalogue.Entry, e *entry.Entry) string {
	text := "This takes the place of the guard and its route in [the README's program](../../README.md#a-program)." +
		imported(c) + "\n`TrustedProxies` are for a proxy that ends TLS: leave it out where this process does."
	if e.NeverRetries {
		text += " `StoreFailure` has to be chosen, because " + e.Title +
			" never sends again: a delivery is 503\nand lost " +
			"while the store is away, or with `DangerouslyAcceptUnclaimed` runs, perhaps twice."
	}
	return text + "\n" + receivers(c, e) + "\n"
}

// receivers says how to register one.
func receivers(c catalogue.Entry, e *entry.Entry) string {
	const all = "`signals.On(\"*\", receiver)` takes every event"
	switch kind := sampleType(c); {
	case kind != "":
		return "Receivers have the sender's own types: `signals.On(\"" + kind + "\", receiver)`."
	case len(e.Event.Type) > 0:
		return "Receivers have the sender's own types, which are read where \"Event\" says. " + all + "."
	default:
		return "Events have no type: " + all + "."
	}
}

// sampleType is the type of the first sample that has one; empty: none has.
func sampleType(c catalogue.Entry) string {
	samples := webhooktest.Samples(c.Sample())
	typed := func(s webhooktest.Sample) bool { return s.Type != "" }
	if i := slices.IndexFunc(samples, typed); i >= 0 {
		return samples[i].Type
	}
	return ""
}

// imported names the packages that the README's program does not import.
func imported(c catalogue.Entry) string {
	const module = "github.com/sallyport-go/sallyport/"
	var all []string
	if c.Package != "core/provider" {
		all = append(all, "`"+module+c.Package+"`")
	}
	if c.AsksForKeys() {
		all = append(all, "`"+module+"core/keys`")
	}
	if len(all) == 0 {
		return ""
	}
	return " Import " + strings.Join(all, " and ") + "."
}
