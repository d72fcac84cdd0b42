package examples_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/routers"
)

// fragmentsPrelude declares what the text around the fragments has declared.
const fragmentsPrelude = `package fragments

import (
	"context"
	"database/sql"
	"net/http"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/inspector"
)

type Customer struct{ Name string }

type metrics struct{}

var (
	ctx        context.Context
	guard      *core.Guard
	identity   core.Identity
	r          *gin.Engine
	server     *http.Server
	app        http.Handler
	publisher  message.Publisher
	subscriber message.Subscriber
	messages   *message.Router
	store      replay.Store
	fresh, old string
	db         interface {
		Suppress(ctx context.Context, what ...any) error
	}
	tickets interface {
		Open(ctx context.Context, what ...any) error
	}
	mails  *core.Signals
	signals *core.Signals
	slack  *webhooktest.Sender
	router http.Handler
	testDB *sql.DB
	database *sql.DB
	kept *journal.Journal
	accepted secrets.Source
	redriver *core.Redriver
	activity *inspector.Activity
	id journal.ID
	t      *testing.T
)

func page(context.Context, ...any)                             {}
func trace(context.Context) string                               { return "" }
func ship(context.Context, []byte) error                       { return nil }
func onPaid(context.Context, core.Event) error                    { return nil }
func onCustomer(context.Context, core.Event, Customer) error      { return nil }
func audit(context.Context, core.Event) error                     { return nil }
func note(context.Context, core.Event)                            {}
func newRouter(string) *gin.Engine                             { return r }
func newApp(core.Provider, secrets.Source) http.Handler     { return r }
func secretsOf(context.Context, string) ([]secrets.Secret, error) { return nil, nil }
`

// imports returns the packages that fragments use, by name.
func imports() map[string]string {
	list := map[string]string{
		"http": "net/http", "httptest": "net/http/httptest", "slog": "log/slog",
		"gin": "github.com/gin-gonic/gin", "echo": "github.com/labstack/echo/v4", "chi": "github.com/go-chi/chi/v5",
		"core": module + "/core", "memstore": module + "/core/replay/memstore", "sqlstore": module +
			"/core/replay/sqlstore",
		"require": "github.com/stretchr/testify/require", "inbound": module + "/core/email/inbound",
		"emailtest":  module + "/core/email/emailtest",
		"sqljournal": module + "/core/journal/sqljournal", "watermillinbox": module + "/core/inbox/watermillinbox",
		"inspector":  module + "/inspector",
		"riverinbox": module + "/core/inbox/riverinbox", "river": "github.com/riverqueue/river",
		"riverdatabasesql": "github.com/riverqueue/river/riverdriver/riverdatabasesql",
		"redisstore":       module + "/core/replay/redisstore", "redis": "github.com/redis/go-redis/v9",
	}
	for _, name := range []string{"context", "errors", "flag", "fmt", "log", "os", "testing", "time"} {
		list[name] = name
	}
	for _, router := range routers.All() {
		list[router.Name+"webhook"] = module + "/" + router.Name + "webhook"
	}
	for _, name := range []string{"email", "journal", "keys", "provider", "reason", "secrets", "sources", "sqltx",
		"webhooktest"} {
		list[name] = module + "/core/" + name
	}
	return list
}

const module = "github.com/sallyport-go/sallyport"

// pages are the documents whose programs are compiled: README and every page of docs.
func pages(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, list)
	return append([]string{"../README.md"}, list...)
}

// TestThePagesCompile compiles every Go block of README and docs: programs as they are, fragments inside a function.
// The files exist in an overlay only. They are built with the versions of this module, and nothing is written.
func TestThePagesCompile(t *testing.T) {
	here, err := os.Getwd()
	require.NoError(t, err)
	temp := t.TempDir()
	overlay := map[string]string{}
	packages := map[string]bool{}
	add := func(pkg, name, text string) {
		packages["./"+pkg] = true
		file := filepath.Join(temp, pkg+"_"+name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		overlay[filepath.Join(here, pkg, name)] = file
	}
	programs, fragments := 0, 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		of := strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(filepath.Base(page), ".md")), "-", "")
		for i, block := range goBlocks(string(text)) {
			if strings.HasPrefix(block, "package main") {
				programs++
				add(fmt.Sprintf("program%s%d", of, i), "main.go", block)
				continue
			}
			fragments++
			name := fmt.Sprintf("%s%d", of, i)
			add("fragments", "block"+name+".go", fragment(name, block))
			if strings.Contains(block, "echowebhook") { // the text says what differs in v5
				v5 := fragment(name+"v5",
					strings.NewReplacer("echowebhook", "echo5webhook", "echo.Context", "*echo.Context").Replace(block))
				add("fragments", "block"+name+"v5.go", strings.Replace(v5, "labstack/echo/v4", "labstack/echo/v5", 1))
			}
		}
	}
	require.Positive(t, programs)
	require.Greater(t, fragments, 10)
	add("fragments", "prelude.go", fragmentsPrelude)

	list, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	overlayFile := filepath.Join(temp, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, list, 0o600))
	args := append([]string{"build", "-o", os.DevNull, "-overlay", overlayFile}, slices.Sorted(maps.Keys(packages))...)
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoErrorf(t, err, "%s", out)
}

// adapters returns the names of the routers that have an adapter: each is the name of its example, too.
func adapters(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob("../*webhook")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for i := range folders {
		folders[i] = strings.TrimSuffix(filepath.Base(folders[i]), "webhook")
	}
	return folders
}

// TestTheRouterExamplesAreShort: each shows one program on its router, and is read in a minute.
func TestTheRouterExamplesAreShort(t *testing.T) {
	args := []string{"build", "-o", os.DevNull}
	for _, router := range adapters(t) {
		text, err := os.ReadFile(filepath.Join(router, "main.go"))
		require.NoErrorf(t, err, "%swebhook needs an example: copy examples/chi/main.go", router)
		require.Less(t, strings.Count(string(text), "\n"), 40, router)
		args = append(args, "./"+router)
	}
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoErrorf(t, err, "%s", out)
}

// goBlocks returns the texts between ```go and ```, without the indentation of a list's item.
func goBlocks(text string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^( *)```go\n(.*?)^ *```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, strings.ReplaceAll("\n"+m[2], "\n"+m[1], "\n")[1:])
	}
	return blocks
}

// fragment makes a file of a block: a function's body, or a whole function.
func fragment(name, block string) string {
	var b strings.Builder
	b.WriteString("package fragments\n\nimport (\n")
	code := regexp.MustCompile(`(?m)\t*// .*$`).ReplaceAllString(block, "") // comments name packages too
	for pkg, path := range imports() {
		if regexp.MustCompile(`\b` + pkg + `\.\w`).MatchString(code) {
			_, _ = fmt.Fprintf(&b, "\t%s %q\n", pkg, path)
		}
	}
	b.WriteString(")\n\n")
	if strings.HasPrefix(block, "func ") {
		return b.String() + strings.Replace(block, "func main()", "func main"+name+"()", 1)
	}
	_, _ = fmt.Fprintf(&b, "func block%s() {\n%s\n", name, block)
	for _, m := range regexp.MustCompile(`(?m)^(\w+(?:, \w+)*) :=`).FindAllStringSubmatch(block, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			_, _ = fmt.Fprintf(&b, "\t_ = %s\n", name)
		}
	}
	b.WriteString("}\n")
	return b.String()
}
