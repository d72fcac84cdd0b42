package docgen_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/docgen"
)

// TestTheREADMEListsEveryRouter: its table is that of internal/routers.
func TestTheREADMEListsEveryRouter(t *testing.T) {
	t.Parallel()
	want, err := docgen.Routers("../../..")
	require.NoError(t, err)
	text, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	require.Equal(t, want, string(text), `run "make docs"`)
}
