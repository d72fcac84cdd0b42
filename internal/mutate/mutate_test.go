package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMutationsAreInStepWithTheCode fails where the code was changed and a mutation of it was not: "make mutate" takes
// too long to find that out.
func TestMutationsAreInStepWithTheCode(t *testing.T) {
	files, err := sources("../..")
	require.NoError(t, err)
	require.Greater(t, len(ofChecks(files)), 12)
	all := mutations(files)
	require.GreaterOrEqual(t, len(all), 60)
	names := map[string]bool{}
	for _, m := range all {
		require.False(t, names[m.name], "two mutations are called %q", m.name)
		names[m.name] = true
		if err := m.locate(files); err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if _, err := m.apply("../.."); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}
