package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

func TestEveryEntryIsFoundUnderItsName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	last := ""
	for _, e := range catalogue.All() {
		require.Less(t, last, e.Name, "sorted, and each name once")
		last, seen[e.Name] = e.Name, true
		found, ok := catalogue.ByName(e.Name)
		require.True(t, ok, e.Name)
		p, err := found.Provider(found.Samples())
		require.NoError(t, err, e.Name)
		require.Equal(t, e.Name, p.Name())
		_, err = core.EntryOf(p)
		require.NoError(t, err, "%s of its samples", e.Name)
		require.NotEmpty(t, e.Package)
		for _, param := range e.Parameters {
			require.NotEmpty(t, param.Doc, "%s: %s", e.Name, param.Name)
			require.NotEmpty(t, param.Sample, "%s: %s", e.Name, param.Name)
		}
	}
	for _, p := range append(provider.All(), unproved.All()...) {
		require.True(t, seen[p.Name()], p.Name())
	}
	_, ok := catalogue.ByName("nobody")
	require.False(t, ok)
}

func TestMistakesInParametersNameThem(t *testing.T) {
	t.Parallel()
	for _, e := range catalogue.All() {
		values := e.Samples()
		values["no_such_thing"] = []string{"x"}
		_, err := e.Provider(values)
		require.ErrorContains(t, err, "no_such_thing")
		for _, param := range e.Parameters {
			if !param.List {
				values := e.Samples()
				values[param.Name] = []string{"a", "b"}
				_, err := e.Provider(values)
				require.ErrorContains(t, err, param.Name, e.Name)
			}
			if param.Required {
				values := e.Samples()
				delete(values, param.Name)
				_, err := e.Provider(values)
				require.ErrorContains(t, err, param.Name, e.Name)
			}
		}
	}
	meta, _ := catalogue.ByName("meta")
	require.Equal(t, catalogue.VerifyToken, meta.Parameters[0].Name)
	twilio, _ := catalogue.ByName("twilio")
	require.Equal(t, catalogue.PublicURL, twilio.Parameters[0].Name)
}
