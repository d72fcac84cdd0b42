package docgen_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// allPages are made once: the generator makes keys of RSA for what a sender sends at its set-up.
var allPages = sync.OnceValue(docgen.Pages)

func TestThePagesOfSendersAreNotStale(t *testing.T) {
	t.Parallel()
	const folder = "../../../docs/providers"
	pages := allPages()
	files, err := filepath.Glob(folder + "/*.md")
	require.NoError(t, err)
	require.Len(t, files, len(pages), `docs/providers is stale: run "make docs"`)
	for name, text := range pages {
		have, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.True(t, text == string(have), `docs/providers/%s is stale: run "make docs"`, name)
	}
}

// TestEveryPageTellsANewUserWhatToDo: each has every part, and is short enough to be read.
func TestEveryPageTellsANewUserWhatToDo(t *testing.T) {
	t.Parallel()
	pages := allPages()
	for _, e := range catalogue.All() {
		text := pages[e.Name+".md"]
		for _, part := range []string{
			"## How a delivery is proved", "## Configure", "## Setting it up", "What arrives first:",
			"What the log says:", "## What one capture can do",
		} {
			require.Contains(t, text, part, e.Name)
		}
		require.Less(t, strings.Count(text, "\n"), 80, e.Name)
		require.NotContains(t, text, "- : ", e.Name)
		require.Contains(t, pages["README.md"], "]("+e.Name+".md)")
	}
}

// TestEveryProgramOnAPageIsWhole: each name in it is declared there, imported, or one of the README's program. What it
// does when it runs is tried in the module of the examples.
func TestEveryProgramOnAPageIsWhole(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range strings.Fields("string byte error nil true false r signals core provider memstore secrets ginwebhook " +
		"log keys jws jwt keccak nfkd httpsig unproved os context http json bytes io struct") {
		known[name] = true
	}
	block := regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	programs := 0
	for name, text := range allPages() {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			programs++
			file, err := parser.ParseFile(token.NewFileSet(), name, "package p\nfunc _() {\n"+found[1]+"}\n", 0)
			require.NoError(t, err, name)
			for _, free := range file.Unresolved {
				require.True(t, known[free.Name], "%s: %s is declared nowhere: write it into Before of "+
					"internal/catalogue/snippets.go, or a literal into the fact's Call", name, free.Name)
			}
		}
	}
	require.Greater(t, programs, 200)
}

// TestEveryPageSaysWhereTheSecretGoes: the environment variables that the program reads stand in the steps, so that
// nobody has to guess which of a sender's keys is meant.
func TestEveryPageSaysWhereTheSecretGoes(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`(?:FromEnv|Getenv)\("(\w+)"\)`)
	named := 0
	for name, text := range allPages() {
		program, steps, ok := strings.Cut(text, "## Setting it up")
		if !ok { // the index
			continue
		}
		for _, found := range variable.FindAllStringSubmatch(program, -1) {
			named++
			require.Contains(t, steps, found[1], name)
		}
	}
	require.Greater(t, named, 150)
}

// TestPagesSayWhatIsRefusedAndWhatToDoInstead: of what a sender can also send, and nothing accepts.
func TestPagesSayWhatIsRefusedAndWhatToDoInstead(t *testing.T) {
	t.Parallel()
	pages := allPages()
	for name, words := range map[string][]string{
		"adyen": {"SOAP", "choose JSON"}, "amazon-ses": {"aws-eusc", "raw message delivery off"},
		"aws-sns": {"aws-eusc", "raw message delivery off"}, "clickup": {"Automations", "by the API"},
		"front":        {"rule webhooks", "use an application webhook"},
		"mercado-pago": {"IPN", "remove notification_url", "test and of production"},
		"mollie":       {"`id=tr_...`", "next-generation webhook"}, "monday": {"not signed", "through an app"},
		"sentry": {"use `sentry-ui`"}, "vercel": {"x-vercel-verify", "handler of their own"},
		"webflow": {"made in the dashboard", "by the API"}, "zendesk": {"a secret that Zendesk publishes"},
		"paystack": {"`t=..,v1=..`"}, "vonage": {"the SMS API"}, "recurly": {"XML", "choose JSON"},
	} {
		for _, word := range words {
			require.Contains(t, pages[name+".md"], word, name)
		}
	}
}

// TestEveryEntrySaysWhenAndWhereItsFactsWereConfirmed, and the expression on its page is one of a function that exists.
func TestEveryEntrySaysWhenAndWhereItsFactsWereConfirmed(t *testing.T) {
	t.Parallel()
	day := regexp.MustCompile(`^20\d\d-[01]\d-[0-3]\d$`)
	functions := map[string]map[string]bool{}
	for _, e := range catalogue.All() {
		require.Regexp(t, day, e.Fact().Confirmed, "%s: its line in internal/catalogue/facts.go has no day", e.Name)
		name, _, _ := strings.Cut(e.Fact().Call, "(")
		name = name[strings.IndexByte(name, '.')+1:]
		if functions[e.Package] == nil {
			functions[e.Package] = functionsOf(t, "../../../"+e.Package)
		}
		require.True(t, functions[e.Package][name], "%s: %s is no function of %s", e.Name, name, e.Package)
	}
}

func functionsOf(t *testing.T, folder string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(folder + "/*.go")
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

func TestTheReportOfTheCatalogueNamesWhatToLookAt(t *testing.T) {
	t.Parallel()
	text, err := docgen.Report("../../..")
	require.NoError(t, err)
	for _, part := range []string{"oldest of", "Below confidence B", "Without a recorded delivery"} {
		require.Contains(t, text, part)
	}
	_, unproved, _ := strings.Cut(text, "Without a recorded delivery")
	require.NotRegexp(t, `\bstripe\b`, unproved, "Stripe has recorded deliveries and its SDK")
	require.NotRegexp(t, `\bgithub\b`, unproved)
}
