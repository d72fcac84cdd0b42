package docgen_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
)

func TestTheTableOfProvidersIsNotStale(t *testing.T) {
	t.Parallel()
	have, err := os.ReadFile("../../../docs/providers.md")
	require.NoError(t, err)
	require.Equal(t, docgen.Providers(), string(have), `run "go run ./core/internal/docgen/cmd > docs/providers.md"`)
}
