package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/lint"
)

const root = "../.."

// guarded returns the folders, with all below them, whose code decides about security: core and every adapter.
func guarded(t *testing.T) []string {
	t.Helper()
	return append(adapters(t), "core")
}

// adapters returns the folders of the routers' adapters.
func adapters(t *testing.T) (list []string) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(root, "*webhook"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no adapters are found: %v", err)
	}
	for _, folder := range folders {
		list = append(list, filepath.Base(folder))
	}
	return list
}

// testSupport are packages of core that only tests link. They are checked as tests are: not here.
func testSupport() []string {
	return []string{"core/replay/storetest", "core/webhooktest", "core/internal/onecapture"}
}

// carried are copies of libraries of others, kept as they are but for the patch that lies next to them: our rules would
// make the patch larger. They hold no secret.
func carried() []string { return []string{"core/provider/httpsig/internal/httpsfv"} }

// TestRules checks the repository, after it has checked folders whose mistakes are known: a rule that finds nothing in
// those proves nothing in the repository. One loader serves all, because reading the standard library takes seconds.
func TestRules(t *testing.T) {
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	loader, err := lint.NewLoader(abs)
	if err != nil {
		t.Fatal(err)
	}
	for _, fixture := range []string{"compare", "state", "core", "router", "clean"} {
		t.Run("known mistakes in "+fixture, func(t *testing.T) {
			p := load(t, loader, filepath.Join("internal/lint/testdata", fixture))
			compareWithWants(t, p, lint.Check(p, lint.Rules{NoRegexp: fixture == "core"}))
		})
	}
	for _, top := range guarded(t) {
		t.Run(top, func(t *testing.T) {
			folders := goFolders(t, abs, top)
			if len(folders) == 0 {
				t.Logf("%s is not there", top)
			}
			for _, folder := range folders {
				if slices.Contains(append(testSupport(), carried()...), filepath.ToSlash(folder)) {
					continue
				}
				p := load(t, loader, folder)
				for _, finding := range lint.Check(p, lint.Rules{NoRegexp: top == "core"}) {
					t.Error(finding)
				}
			}
		})
	}
	t.Run("what users see", func(t *testing.T) { checkWhatUsersSee(t, loader, abs) })
}

func load(t *testing.T, loader *lint.Loader, folder string) *lint.Package {
	t.Helper()
	p, err := loader.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if p == nil {
		t.Fatalf("%s holds no Go file for this platform", folder)
	}
	return p
}

// goFolders are the folders of this module, from top down, that hold more than tests.
func goFolders(t *testing.T, abs, top string) []string {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(filepath.Join(abs, top), func(name string, d fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case d.Name() == "testdata", strings.HasPrefix(d.Name(), "_"), strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
			return filepath.SkipDir // another module
		}
		if hasGo(name) {
			rel, err := filepath.Rel(abs, name)
			if err != nil {
				return err
			}
			folders = append(folders, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

func hasGo(folder string) bool {
	names, _ := filepath.Glob(filepath.Join(folder, "*.go"))
	return slices.ContainsFunc(names, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
}

// compareWithWants holds findings against comments of the form: want "pattern" "pattern".
func compareWithWants(t *testing.T, p *lint.Package, findings []lint.Finding) {
	t.Helper()
	type want struct {
		line    int
		pattern *regexp.Regexp
	}
	var wants []want
	quoted := regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	for _, file := range p.Files {
		for _, group := range file.Comments {
			for _, comment := range group.List {
				_, list, ok := strings.Cut(comment.Text, " want ")
				if !ok {
					continue
				}
				for _, q := range quoted.FindAllStringSubmatch(list, -1) {
					wants = append(wants, want{p.Fset.Position(comment.Pos()).Line, regexp.MustCompile(q[1])})
				}
			}
		}
	}
	for _, f := range findings {
		i := slices.IndexFunc(wants, func(w want) bool { return w.line == f.Line && w.pattern.MatchString(f.Message) })
		if i < 0 {
			t.Errorf("not wanted: %s", f)
			continue
		}
		wants = slices.Delete(wants, i, i+1)
	}
	for _, w := range wants {
		t.Errorf("line %d: no finding matches %q", w.line, w.pattern)
	}
}
