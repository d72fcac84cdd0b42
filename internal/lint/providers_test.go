package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// ordinary are names of providers that are words, or standards that several senders follow. They say nothing.
func ordinary() []string {
	return strings.Fields(`affirm basic bearer bolt box brex bridge castle checkr circle clerk cloudevents cursor dub figma front
		gemini ghost http-basic http-message-signatures increase intercom line linear knock loops merge meta mux notion orb
		persona polar postal render replicate resend segment square tally trello websub wise x zoom github-style`)
}

// providerNames returns an expression for the names and titles of every sender that the module knows.
func providerNames(t *testing.T) *regexp.Regexp {
	names := map[string]bool{}
	add := func(name string) {
		name, _, _ = strings.Cut(name, " (")
		words := strings.ToLower(name)
		standard := strings.HasPrefix(words, "http ") || words == "bearer token" || strings.HasPrefix(words, "standard")
		if len(name) > 3 && !standard && !slices.Contains(ordinary(), words) {
			names[regexp.QuoteMeta(name)] = true
		}
	}
	for _, sender := range catalogue.All() {
		add(sender.Name)
		e, err := entry.Of(sender.Sample())
		require.NoError(t, err, sender.Name)
		add(e.Title)
	}
	require.Greater(t, len(names), 200, "nothing would be found")
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	return regexp.MustCompile(`(?i)\b(` + strings.Join(list, "|") + `)\b`)
}

// linesNaming returns the lines of a source file that name a provider. Import paths do not count, and neither do the
// programs in documentation comments: an example needs some provider.
func linesNaming(names *regexp.Regexp, source string) (lines []string) {
	for line := range strings.Lines(source) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "//\t") || strings.HasPrefix(text, `"github.com/`) {
			continue
		}
		if names.MatchString(strings.ReplaceAll(text, "github.com/sallyport-go", "")) {
			lines = append(lines, text)
		}
	}
	return lines
}

// TestCoreNamesNoProvider holds core and what stands below it to the law that the facts of a provider are data: they
// stand in package provider and in internal/entry. Only what belongs to one sender by its name may name it: the tools
// of the documentation and of the tests, and the entry of a notification service that several senders share.
func TestCoreNamesNoProvider(t *testing.T) {
	names := providerNames(t)
	dirs := []string{"core", "core/reason", "core/secrets", "core/limit", "core/replay", "core/journal", "core/adapter"}
	below, err := filepath.Glob(root + "/core/internal/*")
	require.NoError(t, err)
	for _, dir := range below {
		if base := filepath.Base(dir); base != "docgen" && base != "onecapture" && base != "sns" {
			dirs = append(dirs, "core/internal/"+base)
		}
	}
	seen := 0
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			seen++
			for _, line := range linesNaming(names, string(source)) {
				t.Errorf("%s names a provider, whose facts stand in its entry: %s\n"+
					"Write it without the name. A name that is a common word is listed in ordinary, providers_test.go.",
					file, line)
			}
		}
	}
	require.Greater(t, seen, 100, "nothing was tested")
}

func TestANamedProviderIsFound(t *testing.T) {
	names := providerNames(t)
	for _, row := range []struct {
		name, line string
		found      bool
	}{
		{"in code", `if name == "stripe" {`, true},
		{"in a comment", "// as HubSpot decodes it", true},
		{"in a URL", "// https://developers.hubspot.com/docs", true},
		{"in an example of the documentation", "//\tProvider: provider.Stripe(),", false},
		{"an import", `"github.com/sallyport-go/sallyport/core/reason"`, false},
		{"an ordinary word", "// the front of the line", false},
	} {
		require.Equal(t, row.found, len(linesNaming(names, row.line)) > 0, row.name)
	}
}
