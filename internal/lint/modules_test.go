package lint_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goMod is what "go mod edit -json" says of a module.
type goMod struct {
	Module  struct{ Path string }
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Replace []struct{ Old, New struct{ Path string } }
}

func readGoMod(t *testing.T, folder string) (m goMod) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = folder
	out, err := cmd.Output()
	require.NoError(t, err, folder)
	require.NoError(t, json.Unmarshal(out, &m))
	return m
}

// TestTheLibraryNamesNoDriverAndNoYAML: whoever requires the library gets neither in go.mod. Routers and testify bring
// YAML for themselves, as an indirect requirement, which only their users link.
func TestTheLibraryNamesNoDriverAndNoYAML(t *testing.T) {
	drivers := []string{
		"github.com/go-sql-driver", "github.com/jackc", "github.com/lib/pq", "github.com/mattn/go-sqlite3",
		"modernc.org",
		"github.com/nats-io", "github.com/riverqueue", "github.com/prometheus", "go.opentelemetry.io",
		"github.com/spf13",
	}
	yaml := []string{"go.yaml.in", "gopkg.in/yaml.v2", "gopkg.in/yaml.v3", "github.com/goccy/go-yaml",
		"sigs.k8s.io/yaml"}
	m := readGoMod(t, root)
	require.Equal(t, module, m.Module.Path)
	require.NotEmpty(t, m.Require)
	require.Empty(t, m.Replace)
	for _, r := range m.Require {
		require.False(t, underAny(r.Path, drivers), "%s: drivers belong to a nested module", r.Path)
		require.False(t, !r.Indirect && underAny(r.Path, yaml), "%s: YAML belongs to a nested module", r.Path)
	}
}

// TestNestedModulesUseThisCheckout: each nested module replaces the library, and other nested modules that it uses, by
// their folders here, and nothing else. No go.work is needed for that, and none is committed.
func TestNestedModulesUseThisCheckout(t *testing.T) {
	abs, err := filepath.Abs(root)
	require.NoError(t, err)
	nested := 0
	require.NoError(t, filepath.WalkDir(abs, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != abs && (d.Name()[0] == '.' || d.Name() == "testdata"):
			return fs.SkipDir
		case d.Name() != "go.mod" || filepath.Dir(path) == abs:
			return nil
		}
		nested++
		folder := filepath.Dir(path)
		inner, err := filepath.Rel(abs, folder)
		require.NoError(t, err)
		m := readGoMod(t, folder)
		require.Equal(t, module+"/"+filepath.ToSlash(inner), m.Module.Path)
		require.NotEmpty(t, m.Replace, inner)
		require.Equal(t, module, m.Replace[0].Old.Path, inner)
		for _, r := range m.Replace { // the library, and nested modules of this repository
			require.Equal(t, abs+strings.TrimPrefix(r.Old.Path, module), filepath.Join(folder, r.New.Path), inner)
		}
		return nil
	}))
	require.GreaterOrEqual(t, nested, 4)
	out, err := exec.CommandContext(t.Context(), "git", "-C", abs, "ls-files", "*go.work").Output()
	if err == nil { // a release's archive has no history
		require.Empty(t, string(out), "a go.work is for one machine")
	}
	_, err = os.Stat(filepath.Join(abs, "vendor"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
