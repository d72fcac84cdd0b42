package lint_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/sallyport-go/sallyport"
	gin    = "github.com/gin-gonic"
	echo   = "github.com/labstack/echo"
	echo5  = "github.com/labstack/echo/v5"
	chi    = "github.com/go-chi"

	watermill = "github.com/ThreeDotsLabs/watermill"
)

// notInPrograms are what no program links because of us: test helpers, databases, and drivers, which an app chooses
// itself.
func notInPrograms() []string {
	return []string{
		"github.com/stretchr/testify", "go.uber.org/goleak", "github.com/redis", "github.com/go-sql-driver",
		"github.com/lib/pq",
		"github.com/jackc", "github.com/mattn/go-sqlite3", "modernc.org/sqlite", "github.com/nats-io", "testing",
		"database/sql", "github.com/ThreeDotsLabs", "github.com/riverqueue",
	}
}

// TestDependencies holds every package to what a program that imports it may link.
func TestDependencies(t *testing.T) {
	for _, row := range []struct {
		folder string
		only   []string // foreign imports allowed; nil with not: any but those; both nil: none
		not    []string
	}{
		{folder: "core"},
		{folder: "core/provider"},
		{folder: "core/provider/unproved"},
		{folder: "core/provider/jwt", only: []string{"github.com/golang-jwt/jwt"}},
		{folder: "core/provider/jws"},
		{folder: "core/provider/httpsig"}, // and a carried copy of dunglas/httpsfv
		{folder: "core/provider/keccak", only: []string{"golang.org/x/crypto/sha3", "golang.org/x/sys/cpu"}},
		{folder: "core/provider/nfkd", only: []string{"golang.org/x/text/unicode/norm", "golang.org/x/text/transform"}},
		{folder: "core/keys"},
		{folder: "core/email"},
		{folder: "core/email/inbound", only: []string{"golang.org/x/text"}},
		{folder: "core/sources"},
		{folder: "core/limit/memlimit"},
		{folder: "core/limit/redislimit", not: []string{gin, echo, chi}},
		{folder: "core/replay"},
		{folder: "core/replay/memstore"},
		{folder: "core/replay/storetest"},
		{folder: "core/webhooktest"},

		{folder: "core/replay/sqlstore"}, // and database/sql, but no driver
		{folder: "core/replay/redisstore", not: []string{gin, echo, chi}},
		{folder: "core/inbox/watermillinbox", only: []string{
			watermill, "github.com/google/uuid", "github.com/lithammer/shortuuid", "github.com/oklog/ulid",
			"github.com/pkg/errors",
		}},

		// Whole programs. A program on Chi links no other router, no driver and no Watermill.
		{folder: "examples/chi", only: []string{chi}},
		{folder: "examples/http"},
		{folder: "examples/demo", not: []string{"go.yaml.in"}},
	} {
		t.Run(row.folder, func(t *testing.T) {
			if !hasGo(filepath.Join(root, row.folder)) {
				t.Logf("%s is not there yet", row.folder)
				return
			}
			for _, p := range dependencies(t, "./"+row.folder) {
				inside, foreign := under(p.path, module), !p.standard
				switch {
				case inside:
				case (row.folder == "core/replay/redisstore" || row.folder == "core/limit/redislimit") &&
					under(p.path, "github.com/redis"):
				// of google/uuid
				case row.folder == "core/inbox/watermillinbox" &&
					underAny(p.path, []string{watermill, "database/sql/driver", "database/sql/internal"}):
				case row.folder == "core/replay/sqlstore" && under(p.path, "database/sql"):
				case foreign && row.not == nil && !underAny(p.path, row.only):
					t.Errorf("%s links %s, and may link only the standard library and %q", row.folder, p.path, row.only)
				case underAny(p.path, row.not):
					t.Errorf("%s links %s: whoever chose this one would link both", row.folder, p.path)
				case underAny(p.path, notInPrograms()) && !strings.HasSuffix(row.folder, "test"):
					t.Errorf("%s links %s: that is for tests, or for the app to choose", row.folder, p.path)
				}
			}
		})
	}
}

// TestAnAdapterLinksItsRouterAlone: a program on it links the router that the adapter imports, what that links itself,
// and no other router.
func TestAnAdapterLinksItsRouterAlone(t *testing.T) {
	for _, name := range adapters(t) {
		t.Run(name, func(t *testing.T) {
			routers := router(imports(t, "./"+name)[name])
			all := dependencies(t, "./"+name)
			allowed := map[string]bool{}
			for _, p := range slices.Backward(all) { // from the last one on, whose list has what the others link
				if underAny(p.path, routers) && !allowed[p.path] {
					for _, linked := range dependencies(t, p.path) {
						allowed[linked.path] = true
					}
				}
			}
			for _, p := range all {
				switch {
				case underAny(p.path, notInPrograms()):
					t.Errorf("%s links %s: that is for tests, or for the app to choose", name, p.path)
				case !p.standard && !under(p.path, module) && !allowed[p.path]:
					t.Errorf("%s links %s, and may link only what %q links", name, p.path, routers)
				}
			}
		})
	}
}

// TestEveryAdapterRunsTheTableOfBehaviour: an adapter that these tables do not know is not tested.
func TestEveryAdapterRunsTheTableOfBehaviour(t *testing.T) {
	for _, routers := range []string{"internal/adaptertest/routers_test.go", "internal/routers/routers.go"} {
		text, err := os.ReadFile(filepath.Join(root, routers))
		require.NoError(t, err)
		for _, name := range adapters(t) {
			imported := strconv.Quote(module + "/" + name)
			require.Containsf(t, string(text), imported, "give %s a constructor in %s", name, routers)
		}
	}
}

// TestTheCommandLinksNoDatabaseByDefault keeps its installation short: databases are linked by the tag "full" alone.
func TestTheCommandLinksNoDatabaseByDefault(t *testing.T) {
	for _, p := range dependencies(t, "./cmd/sallyport") {
		if underAny(p.path, []string{
			"github.com/redis", "github.com/go-sql-driver", "github.com/jackc", "modernc.org",
		}) {
			t.Errorf("cmd/sallyport links %s without the tag full", p.path)
		}
	}
}

type dependency struct {
	path     string
	standard bool
}

func dependencies(t *testing.T, path string) []dependency {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{.Standard}}", path)
	cmd.Dir = root
	switch inner, ok := strings.CutPrefix(path, "./examples/"); { // a module of its own
	case ok:
		cmd.Dir, cmd.Args[len(cmd.Args)-1] = filepath.Join(root, "examples"), "./"+inner
	case path == "./cmd/sallyport":
		cmd.Dir, cmd.Args[len(cmd.Args)-1] = filepath.Join(root, path), "."
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v\n%s", path, err, &stderr)
	}
	var list []dependency
	for line := range strings.Lines(string(out)) {
		linked, standard, _ := strings.Cut(strings.TrimSpace(line), " ")
		list = append(list, dependency{linked, standard == "true"})
	}
	if len(list) < 2 {
		t.Fatalf("go list -deps %s lists %d packages: nothing was tested", path, len(list))
	}
	return list
}

// under goes by whole path elements: chi is not under ch.
func under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

func underAny(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if under(path, p) {
			return true
		}
	}
	return false
}
