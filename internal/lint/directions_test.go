package lint_test

import (
	"fmt"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// direction is one rule about imports. Each package of the module falls under exactly one, the first that names it.
type direction struct {
	rule    string   // what is broken, in words
	of      []string // packages; a name that ends with /... stands for all below it too, and a * for any folder
	may     []string // packages of this module that they may import, in the same form
	foreign []string // modules of others that they may import; tests may import more
}

// In place of foreign modules.
const (
	oneModule = "one"
	anyModule = "any"
)

const adapterRule = "an adapter knows core and one router"

// directions is the map of the module. A package without a rule fails the test: give it one. Rules for packages that do
// not exist do no harm.
func directions() []direction {
	const (
		below = "nothing below core imports core; a tool imports tools that are listed"
		words = "the words know nothing of ours but what is listed"
	)
	tools := []string{
		"core/internal/buckets", "core/internal/sealed", "core/internal/digest", "core/internal/fault",
		"core/internal/fetch", "core/internal/formscan", "core/internal/httpfield", "core/internal/jose",
		"core/internal/jsonscan",
		"core/internal/keyring", "core/internal/logbook", "core/internal/pattern",
		"core/internal/publickey", "core/internal/pump",
		"core/internal/recent", "core/internal/sender", "core/internal/strictjson", "core/internal/txmark",
		"core/internal/txwatch", "core/internal/underway", "core/internal/vitals",
		"internal/entry",
	}
	wordsAre := []string{
		"core/reason", "core/secrets", "core/sources", "core/limit", "core/replay", "core/sqltx", "core/journal",
	}
	way := []string{
		"core/internal/head",
		"core/internal/origin", "core/internal/rate", "core/internal/credential", "core/internal/intake",
		"core/internal/signature", "core/internal/handshake", "core/internal/payload", "core/internal/identity",
		"core/internal/lease", "core/internal/ownership", "core/internal/sweep", "core/internal/rerun",
		"core/internal/explain",
	}
	adapters := []string{"core", "core/adapter", "internal/nethttp"}
	step := func(name string, steps ...string) direction {
		may := slices.Concat(tools, wordsAre)
		for _, s := range steps {
			may = append(may, "core/internal/"+s)
		}
		return direction{rule: "a step imports tools, words and the steps that are listed",
			of: []string{"core/internal/" + name}, may: may}
	}
	return []direction{
		// Words.
		{rule: words, of: []string{"core/journal"}, may: []string{"core/secrets", "core/reason"}},
		{rule: words, of: []string{"core/secrets"}, may: []string{"core/internal/recent", "core/internal/sender"}},
		{rule: words, of: []string{"core/sqltx"},
			may: []string{"core/internal/txmark", "core/internal/txwatch"}},
		{rule: words, of: []string{"core/reason", "core/limit", "core/replay"}},
		{rule: "followed address lists know the sources, and how to fetch",
			of:  []string{"core/sources/...", "core/sources"},
			may: []string{"core/internal/fetch"}},

		// Tools.
		{rule: "the entry holds decryption keys as their source", of: []string{"internal/entry"},
			may: []string{"core/secrets"}},
		{rule: below, of: []string{"core/internal/callback"}, may: append(tools, "core/reason")},
		{rule: below, of: []string{"core/internal/formscan"}, may: []string{"core/internal/jsonscan"}},
		{rule: below, of: []string{"core/internal/sns"}, may: []string{"internal/entry", "core/internal/jsonscan"}},
		{rule: "what the stores in SQL share knows dialects only", of: []string{"core/internal/sqldb"},
			may: []string{"core/sqltx"}},
		{rule: below, of: []string{"core/internal/keyring"}, may: slices.Concat(tools, wordsAre)},
		{rule: below, of: tools, may: append(tools, "core/reason")},
		{rule: below, of: []string{"internal/plain"}},
		{rule: "what adapters need knows nothing of the guard", of: []string{"core/adapter"}},

		// The steps, in the order of a delivery.
		step("origin"),
		step("rate"),
		step("head", "intake"),
		step("intake"),
		step("credential"),
		step("signature"),
		step("handshake", "signature", "credential"),
		step("payload"),
		step("identity"),
		step("lease"),
		step("ownership", "lease", "identity"),
		step("sweep"),
		step("rerun"),
		step("explain", "signature", "credential"),

		// What is plugged in.
		{rule: "replay stores know the contract only",
			of:  []string{"core/replay/memstore", "core/replay/storetest"},
			may: []string{"core/replay"}},
		{rule: "replay stores know the contract only", of: []string{"core/replay/redisstore"},
			may:     []string{"core/replay"},
			foreign: []string{"github.com/redis/go-redis"}},
		{rule: "replay stores know the contract only, and what those in SQL share", of: []string{"core/replay/..."},
			may: []string{"core/replay", "core/sqltx", "core/internal/sqldb", "core/internal/txmark"}},
		{rule: "journal stores know the contract only, and the names of applications that every store knows",
			of:  []string{"core/journal/sqljournal"},
			may: []string{"core/journal", "core/sqltx", "core/internal/sqldb", "core/replay"}},
		{rule: "journal stores know the contract only", of: []string{"core/journal/..."},
			may: []string{"core/journal"}},
		{rule: "limiters know the contract only", of: []string{"core/limit/memlimit"},
			may: []string{"core/limit", "core/internal/buckets"}},
		{rule: "limiters know the contract only", of: []string{"core/limit/redislimit"}, may: []string{"core/limit"},
			foreign: []string{"github.com/redis/go-redis"}},
		{rule: "key sources know the entry and tools only", of: []string{"core/keys"}, may: tools},

		{rule: "core is the wiring: it imports steps, tools and words", of: []string{"core"},
			may: slices.Concat(tools, wordsAre, way, []string{"core/adapter"})},

		// What stands on core.
		{rule: "provider tables know the entry", of: []string{"core/provider", "core/provider/unproved"},
			may: []string{"core", "internal/entry", "core/internal/sns", "core/internal/callback", "core/secrets"}},
		{rule: "a provider package links the one library that it is for", of: []string{"core/provider/jwt"},
			may: append(tools, "core", "core/reason"), foreign: []string{"github.com/golang-jwt/jwt"}},
		{rule: "a provider package whose mechanism is code knows core and tools", of: []string{"core/provider/jws"},
			may: append(tools, "core", "core/reason")},
		{rule: "a provider package links the one library that it is for, here a carried copy",
			of:  []string{"core/provider/httpsig"},
			may: append(tools, "core", "core/reason", "core/provider/httpsig/internal/httpsfv")},
		{rule: "a carried copy of a library imports the standard library only",
			of: []string{"core/provider/httpsig/internal/httpsfv"}},
		{rule: "a provider package links the one library that it is for", of: []string{"core/provider/keccak"},
			may: append(tools, "core", "core/reason"), foreign: []string{"golang.org/x/crypto/sha3"}},
		{rule: "a provider package links the one library that it is for", of: []string{"core/provider/nfkd"},
			may: []string{"core", "internal/entry"}, foreign: []string{"golang.org/x/text/unicode/norm"}},
		{rule: "what is offered around core knows core", of: []string{"core/webhooktest", "core/email", "inspector"},
			may: slices.Concat(tools, wordsAre, []string{"internal/sign", "internal/plain", "core", "core/adapter"})},
		{rule: "samples of email know email events and the senders", of: []string{"core/email/emailtest"},
			may: []string{"core", "core/email", "core/provider", "core/provider/unproved", "core/webhooktest"}},
		{rule: "inbound messages know email events", of: []string{"core/email/inbound"},
			may: slices.Concat(tools, []string{"core", "core/email"}), foreign: []string{"golang.org/x/text"}},
		{rule: "the inbox knows core, the words, how claims are held, and Watermill",
			of:      []string{"core/inbox/watermillinbox"},
			may:     append(slices.Clone(wordsAre), "core", "core/internal/identity", "core/internal/lease"),
			foreign: []string{"github.com/ThreeDotsLabs/watermill"}},
		{rule: "the adapter of net/http knows core", of: []string{"httpwebhook"}, may: adapters},
		{rule: adapterRule, of: []string{"*webhook"}, may: adapters, foreign: []string{oneModule}},
		{rule: "what adapters of net/http share knows core", of: []string{"internal/nethttp"},
			may: []string{"core", "core/adapter"}},
		{rule: "apps for what runs on every router know core and the adapters", of: []string{"internal/routers"},
			may: []string{"core", "*webhook"}, foreign: []string{anyModule}},
		{rule: "the module's root holds documentation only", of: []string{"."}},

		// Tools of our own tests and documents. No program of a user links them.
		{rule: "test support imports what it tests", of: []string{
			"core/internal/onecapture", "core/internal/docgen/...", "core/internal/docgen", "internal/...",
		}, may: []string{"core/...", "core", "internal/..."}},
	}
}

// broken returns what is wrong: the package, the import and the rule.
func broken(rules []direction, imports map[string][]string) []string {
	var list []string
	for pkg, its := range imports {
		i := slices.IndexFunc(rules, func(d direction) bool { return named(d.of, pkg) })
		if i < 0 {
			list = append(list, pkg+" has no rule: say what it may import, in directions of "+
				"internal/lint/directions_test.go")
			continue
		}
		d := rules[i]
		foreign := d.foreign
		if slices.Contains(foreign, oneModule) {
			foreign = router(its)
		}
		for _, path := range its {
			first, _, _ := strings.Cut(path, "/")
			inner, ours := strings.CutPrefix(path, module+"/")
			switch {
			case ours && !named(d.may, inner):
				list = append(list, fmt.Sprintf("%s imports %s: %s", pkg, inner, d.rule))
			case slices.Contains(foreign, anyModule):
			case !ours && strings.Contains(first, ".") && !underAny(path, foreign):
				list = append(list, fmt.Sprintf("%s imports %s: %s, and the standard library", pkg, path, d.rule))
			}
		}
	}
	slices.Sort(list)
	return list
}

// router returns the module of the first foreign import: an adapter's router. Where there is none it is empty.
func router(imports []string) []string {
	for _, p := range imports {
		if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") && !under(p, module) {
			return []string{regexp.MustCompile(`^[^/]+(/[^/]+)?(/[^/]+)?(/v\d+)?`).FindString(p)}
		}
	}
	return nil
}

// named reports whether a list names a package.
func named(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		parent, all := strings.CutSuffix(name, "/...")
		match, err := path.Match(name, pkg)
		return match && err == nil || all && strings.HasPrefix(pkg, parent+"/")
	})
}

// imports returns what packages of the module import.
func imports(t *testing.T, packages string) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, packages)
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(words[0], module), "/")
		if pkg == "" {
			pkg = "."
		}
		all[pkg] = words[1:]
	}
	return all
}

// TestImportsKeepTheirDirection holds the imports of every package of the library to the map above.
func TestImportsKeepTheirDirection(t *testing.T) {
	imports := imports(t, "./...")
	require.Greater(t, len(imports), 30, "nothing was tested")
	for _, mistake := range broken(directions(), imports) {
		t.Error(mistake)
	}
}

func TestAForbiddenImportIsNamedWithItsRule(t *testing.T) {
	for _, row := range []struct{ name, pkg, path, want string }{
		{"a store that imports core", "core/replay/memstore", module + "/core",
			"core/replay/memstore imports core: replay stores know the contract only"},
		{"a tool that imports core", "core/internal/jsonscan", module + "/core", "core/internal/jsonscan imports " +
			"core: nothing below core imports core; a tool imports tools that are listed"},
		{"core with a library", "core", gin + "/gin", "core imports " + gin + "/gin: core is the wiring: it imports " +
			"steps, tools and words, and the standard library"},
		{"core with a store", "core", module + "/core/replay/memstore",
			"core imports core/replay/memstore: core is the wiring: it imports steps, tools and words"},
		{"a step that imports a later one", "core/internal/origin", module + "/core/internal/rate",
			"core/internal/origin imports core/internal/rate: a step imports tools, words and the steps that are listed"},
		{"a package without a rule", "core/novel", "strings",
			"core/novel has no rule: say what it may import, in directions of internal/lint/directions_test.go"},
		{"a new store", "core/replay/novel", module + "/core", "core/replay/novel imports core: replay stores know " +
			"the contract only, and what those in SQL share"},
		{"a new store with a driver", "core/replay/novel", gin + "/gin", "core/replay/novel imports " + gin + "/gin: " +
			"replay stores know the contract only, and what those in SQL share, and the standard library"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, []string{row.want},
				broken(directions(), map[string][]string{row.pkg: {"strings", row.path}}))
		})
	}
	require.Equal(t, []string{"chiwebhook imports " + echo5 + ": " + adapterRule + ", and the standard library"},
		broken(directions(), map[string][]string{"chiwebhook": {"strings", chi + "/chi/v5", echo5}}))
	require.Equal(t, []string{"httpwebhook imports " + chi + "/chi/v5: the adapter of net/http knows core, and the " +
		"standard library"}, broken(directions(), map[string][]string{"httpwebhook": {chi + "/chi/v5"}}))
	require.Empty(t, broken(directions(),
		map[string][]string{"core": {"strings", module + "/core/replay"}, "chiwebhook": {chi + "/chi/v5"}}))
}
