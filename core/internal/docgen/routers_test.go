package docgen_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
)

// TestThePagesListEveryRouter: their tables are those of internal/routers.
func TestThePagesListEveryRouter(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	pages, err := docgen.Routers(root)
	require.NoError(t, err)
	for page, want := range pages {
		text, err := os.ReadFile(filepath.Join(root, page))
		require.NoError(t, err)
		require.Equal(t, want, string(text), `run "make docs"`)
	}
	require.Regexp(t, "(?m)^\\| Gin \\| \\d+\\.\\d+ \\| `ginwebhook", pages["README.md"])
	require.Regexp(t, "(?m)^\\| net/http \\| Go \\d+\\.\\d+ \\| `httpwebhook", pages["README.md"])
}
