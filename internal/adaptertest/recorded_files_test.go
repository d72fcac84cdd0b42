package adaptertest_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// TestEveryRecordedDeliveryGoesThroughCoreAndARouter finds every file of recorded deliveries. Each is read by a test of
// the package it belongs to and by one of the routers, so that no recording lies there without a verdict.
func TestEveryRecordedDeliveryGoesThroughCoreAndARouter(t *testing.T) {
	t.Parallel()
	const core = "../../core/"
	others, found := recordedByOthers(), 0
	err := filepath.WalkDir(core+"provider", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") || !strings.Contains(path, "/testdata/") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var deliveries []struct {
			Provider, ID string
			Headers      json.RawMessage
			Body         *string `json:"body_b64"`
		}
		if json.Unmarshal(data, &deliveries) != nil || len(deliveries) == 0 || deliveries[0].Body == nil {
			return nil // something else
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), core)
		if name == "provider/httpsig/testdata/vectors/rfc9530.json" {
			return nil // a digest of a body, which is a part of no delivery
		}
		found += len(deliveries)
		for _, v := range deliveries {
			_, ok := catalogue.ByName(v.Provider)
			require.True(t, ok, "%s: %s is of %q, which no entry is", name, v.ID, v.Provider)
			require.NotEmpty(t, v.ID, name)
		}
		if strings.HasPrefix(name, "provider/testdata/vectors/") {
			return nil // all of that folder are read, here and there
		}
		require.Contains(t, others, name, "no test sends its deliveries through a router: add it to recordedByOthers")
		delete(others, name)
		require.True(t, readByATest(t, path), "%s: no test of its package reads it", name)
		return nil
	})
	require.NoError(t, err)
	require.Empty(t, others, "files that are gone, or hold no deliveries")
	require.Greater(t, found, 400)
}

// readByATest reports whether a test of the package that a file of test data belongs to names it.
func readByATest(t *testing.T, path string) bool {
	t.Helper()
	dir, name, _ := strings.Cut(filepath.ToSlash(path), "/testdata/")
	tests, err := filepath.Glob(dir + "/*_test.go")
	require.NoError(t, err)
	for _, test := range tests {
		source, err := os.ReadFile(test)
		require.NoError(t, err)
		text := string(source)
		folder, base := filepath.Split(name)
		if strings.Contains(text, "testdata/"+name) || strings.Contains(text, `"testdata/`+folder+`*.json"`) ||
			strings.Contains(text, `"testdata/`+folder) && strings.Contains(text, strings.TrimSuffix(base, ".json")) {
			return true
		}
	}
	return false
}
