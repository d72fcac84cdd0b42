package docgen_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

func TestThePageOfProvidersIsNotStale(t *testing.T) {
	t.Parallel()
	have, err := os.ReadFile("../../../docs/providers.md")
	require.NoError(t, err)
	require.True(
		t,
		docgen.Providers() == string(have),
		`docs/providers.md is stale: run "make docs"`,
	)
}

func TestThePageOfCapturesIsNotStale(t *testing.T) {
	t.Parallel()
	have, err := os.ReadFile("../../../docs/one-capture.md")
	require.NoError(t, err)
	require.True(t, docgen.OneCapture() == string(have), `docs/one-capture.md is stale: run "make docs"`)
}

// TestThePageSaysEverythingOfEverySender: no part of an entry is of a kind that the page has no word for.
func TestThePageSaysEverythingOfEverySender(t *testing.T) {
	t.Parallel()
	page := docgen.Providers()
	for _, e := range catalogue.All() {
		_, section, found := strings.Cut(page, "\n### "+e.Name+"\n")
		require.True(t, found, e.Name)
		section, _, _ = strings.Cut(section, "\n### ")
		for _, line := range []string{"- Proof: ", "- Signed: ", "- Signed time: ", "- Secret: ", "- Remembered by: ",
			"- Sends again for: ", "- Waits: "} {
			require.Contains(t, section, line, e.Name)
		}
		for _, p := range e.Parameters {
			require.Contains(t, section, "`"+p.Name+"`", e.Name)
		}
		require.NotContains(t, section, "``", "%s: an empty text", e.Name)
		require.NotContains(t, section, ":  ", e.Name)
	}
}

// TestTheExampleOnThePageIsTheOneThatRuns: the code of the page is the example's, which its own test runs.
func TestTheExampleOnThePageIsTheOneThatRuns(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("../../provider/example_test.go")
	require.NoError(t, err)
	_, after, found := strings.Cut(docgen.Providers(), "```go\n")
	require.True(t, found)
	example, _, _ := strings.Cut(after, "```")
	require.LessOrEqual(t, strings.Count(example, "\n"), 11)
	require.Contains(t, string(code), "\t"+strings.ReplaceAll(strings.TrimSuffix(example, "\n"), "\n", "\n\t"))
}
