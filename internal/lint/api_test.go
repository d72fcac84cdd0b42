package lint_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/lint"
)

// publicPackages loads what users may import.
func publicPackages(t *testing.T, l *lint.Loader, top string) (list []*lint.Package) {
	t.Helper()
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		_, module := os.Stat(filepath.Join(name, "go.mod"))
		hidden := strings.HasPrefix(d.Name(), ".") || d.Name() == "internal" || d.Name() == "testdata"
		if name != top && (hidden || module == nil) {
			return filepath.SkipDir
		}
		folder, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		p, err := l.Load(folder)
		if p != nil {
			list = append(list, p)
		}
		return err
	})
	require.NoError(t, err)
	return list
}

// checkAPI returns what is wrong with what the packages of a module show.
func checkAPI(t *testing.T, l *lint.Loader, top, module string) (findings []lint.Finding, packages []*lint.Package) {
	t.Helper()
	packages = publicPackages(t, l, top)
	usage, err := lint.NewUsage(top, module)
	require.NoError(t, err)
	api := lint.NewAPI(packages)
	findings = append(api.Unnameable(), api.BrokenLinks()...)
	return append(findings, api.Unused(usage)...), packages
}

// remarks returns the lines for tools in what go doc shows of a package.
func remarks(t *testing.T, folder string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "doc", "-all", ".")
	cmd.Dir = folder
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", folder, text)
	return regexp.MustCompile(`(?m)^.*//(?:lint:|nolint).*$`).FindAllString(string(text), -1)
}

// checkWhatUsersSee holds every public package to four rules: what it shows has a type that can be
// written down, somebody uses it, links in comments lead somewhere, and go doc shows no remarks for tools.
func checkWhatUsersSee(t *testing.T, l *lint.Loader, abs string) {
	t.Helper()
	findings, packages := checkAPI(t, l, abs, module)
	require.Greater(t, len(packages), 25, "nothing was tested")
	for _, f := range findings {
		t.Error(f)
	}
	for _, p := range packages {
		folder := filepath.Join(abs, strings.TrimPrefix(p.Path, module))
		for _, line := range remarks(t, folder) {
			t.Errorf("go doc %s shows a remark for tools: put it at the end of a doc comment: %s", p.Path, line)
		}
	}
}

// TestMistakesInWhatIsShownAreFound proves the rules above by a module that breaks them.
func TestMistakesInWhatIsShownAreFound(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/acme\n\ngo 1.26\n",
		"acme.go": `// Package acme is wrong.
package acme

import "example.com/acme/internal/inner"

type hidden int

// Off has a type without a name.
const Off hidden = 0

// Known is an alias, by which users name the type.
type Known = inner.Known

// Rows has a column of a type without a name.
type Rows struct {
	Known  []*Known
	Hidden map[string][]inner.Hidden
	Idle   int
}

// Read is used by the page. See [Rows.Known], [Rows.Lost] and [Moved].
func Read(Rows) (Known, error) { return Known{}, nil }

// Write is used by nobody.
func Write(Rows) {}

// Level is of a closed list.
type Level int

// The levels.
const (
	//lint:ignore ST1012 a remark in a group
	Low Level = iota
	High
)

// Level is held by Rows' method.
func (Rows) Level() Level { return High }

// Fixed is right.
//
//lint:immutable a remark at the end of a comment is not shown
var Fixed = 1
`,
		"inner.go":          "package acme\n\nvar unseen hidden\n",
		"internal/inner.go": "package internal\n",
		"internal/inner/inner.go": "package inner\n\n// Known is named.\ntype Known struct{}\n\n" +
			"// Hidden is not.\ntype Hidden struct{}\n",
		"acme_test.go": "package acme\n\nvar _ = Rows{Known: nil, Hidden: nil}.Level()\n",
		"README.md":    "Call `acme.Read`, and `acme.Off` turns it `acme.Fixed`.\n",
	} {
		file := filepath.Join(top, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	l, err := lint.NewLoader(top)
	require.NoError(t, err)
	findings, _ := checkAPI(t, l, top, "example.com/acme")
	var list []string
	for _, f := range findings {
		list = append(list, f.Message)
	}
	require.Equal(t, []string{
		"Off of example.com/acme has the type example.com/acme.hidden, which nobody outside can name: " +
			"export it, or return an interface",
		"Rows.Hidden of example.com/acme has the type example.com/acme/internal/inner.Hidden, which nobody outside can " +
			"name: export it, or return an interface",
		"the link [Rows.Lost] leads nowhere",
		"the link [Moved] leads nowhere",
		"nobody uses Rows.Idle of example.com/acme: remove it, or use it in a test or an example (provider: make docs)",
		"nobody uses Write of example.com/acme: remove it, or use it in a test or an example (provider: make docs)",
	}, list)
	require.Equal(t, []string{"\t//lint:ignore ST1012 a remark in a group"}, remarks(t, top))
}
