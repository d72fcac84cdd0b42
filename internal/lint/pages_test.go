package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pages returns README, CONTRIBUTING, SECURITY and every page of docs.
func pages(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "docs/*/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, names, pattern)
		list = append(list, names...)
	}
	return list
}

// missing returns what a page names and the repository does not have: linked files, make targets, programs and, where
// paths is set, every file and package between backquotes.
func missing(text, folder string, targets []string, paths bool) []string {
	var list []string
	exists := func(name string) bool {
		_, err := os.Stat(name)
		return err == nil
	}
	prose := regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(text, "")
	for _, m := range regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`).FindAllStringSubmatch(prose, -1) {
		if !strings.Contains(m[1], "://") && !exists(filepath.Join(folder, m[1])) {
			list = append(list, m[1])
		}
	}
	for _, m := range regexp.MustCompile("(?m)(?:`| {4})make ([a-z][a-z-]*)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(" "+strings.Join(targets, " ")+" ", " "+m[1]+" ") {
			list = append(list, "make "+m[1])
		}
	}
	for _, m := range regexp.MustCompile(`go run \./(\S+)|go -C (\S+) run \./(\S+)`).FindAllStringSubmatch(text, -1) {
		if program := filepath.Join(root, m[2], m[1]+m[3]); !exists(filepath.Join(program, "main.go")) {
			list = append(list, m[0])
		}
	}
	path := regexp.MustCompile("`((?:[A-Za-z0-9_.-]+/)+[A-Za-z0-9_.-]+|[A-Za-z0-9_-]+\\.(?:go|md|mod)|[a-z0-9]+webhook)`")
	for _, m := range path.FindAllStringSubmatch(text, -1) {
		if paths && !exists(filepath.Join(root, m[1])) {
			list = append(list, m[1])
		}
	}
	return list
}

// TestThePagesNameWhatThereIs: a link leads to a file, make targets and programs exist, and so does every file and
// package that CONTRIBUTING names.
func TestThePagesNameWhatThereIs(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, m[1])
	}
	require.Contains(t, targets, "check")
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Empty(t, missing(string(text), filepath.Dir(page), targets, filepath.Base(page) == "CONTRIBUTING.md"),
			page)
	}
	require.Equal(t, []string{"docs/no.md", "make no", "go run ./examples/chi/no", "core/no.go", "nowebhook"},
		missing("[a](docs/no.md) `make no` go run ./examples/chi/no -x go -C examples run ./chi `core/no.go` "+
			"`core/receive.go` `nowebhook` `go.mod`", root, targets, true))
}

// TestThePagesNameEveryPackageThatIsFoundByThem: the map of CONTRIBUTING has the packages of core/internal, and the
// table of stores every store.
func TestThePagesNameEveryPackageThatIsFoundByThem(t *testing.T) {
	for _, row := range []struct{ packages, page, written, how string }{
		{"core/internal/*", "CONTRIBUTING.md", "(?m)`(core/internal/)?%s`", "name it in the map, with a few words on its purpose"},
		{"core/replay/*store", "docs/signals.md", "(?m)^\\| `%s`", "add its row to the table of stores"},
		{"core/journal/*journal", "docs/journal.md", `\b%s\.`, "say how it is opened"},
	} {
		text, err := os.ReadFile(filepath.Join(root, row.page))
		require.NoError(t, err)
		folders, err := filepath.Glob(filepath.Join(root, row.packages))
		require.NoError(t, err)
		require.NotEmpty(t, folders, row.packages)
		for _, folder := range folders {
			name := filepath.Base(folder)
			named := regexp.MustCompile(strings.ReplaceAll(row.written, "%s", regexp.QuoteMeta(name))).Match(text)
			require.True(t, named, "%s does not name %s: %s", row.page, name, row.how)
		}
	}
}
