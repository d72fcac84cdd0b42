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

// sentElsewhere are the files of recordings that no router is sent, and why.
func sentElsewhere() map[string]string {
	return map[string]string{
		"provider/httpsig/testdata/vectors/rfc9530.json": "digests of fields, without a signature: httpsig's own tests",
	}
}

// TestNoRecordingIsLeftOut: every file of recorded deliveries below core goes through core and every router, and is of
// a sender that the catalogue has. A file that somebody adds is not passed over.
func TestNoRecordingIsLeftOut(t *testing.T) {
	t.Parallel()
	const core = "../../core"
	found := 0
	require.NoError(t, filepath.WalkDir(core, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" || !strings.Contains(path, "testdata") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var all []struct{ Provider string }
		if json.Unmarshal(data, &all) != nil || len(all) == 0 || all[0].Provider == "" {
			return nil // not recordings
		}
		found++
		name := filepath.ToSlash(strings.TrimPrefix(path, core+string(filepath.Separator)))
		if sentElsewhere()[name] != "" {
			return nil
		}
		for _, v := range all {
			_, known := catalogue.ByName(v.Provider)
			require.True(t, known, "%s: no sender %q", name, v.Provider)
		}
		_, other := recordedByOthers()[name]
		require.True(t, other || filepath.ToSlash(filepath.Dir(name)) == "provider/testdata/vectors",
			"%s goes through no router: name it in recordedByOthers, or in sentElsewhere with the reason", name)
		return nil
	}))
	require.Greater(t, found, 150)
}
