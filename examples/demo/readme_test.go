package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the README's fragments take for granted, because the text around them says it.
const fragmentsPrelude = `package fragments

import (
	"context"
	"net/http"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport/core"
)

type Customer struct{ Name string }

var (
	ctx        context.Context
	guard      *core.Guard
	identity   core.Identity
	r          *gin.Engine
	server     *http.Server
	publisher  message.Publisher
	fresh, old string
)

func ship(context.Context, []byte) error                       { return nil }
func onPaid(*gin.Context, core.Event) error                    { return nil }
func onCustomer(*gin.Context, core.Event, Customer) error      { return nil }
func audit(*gin.Context, core.Event) error                     { return nil }
func note(*gin.Context, core.Event)                            {}
func newRouter(string) *gin.Engine                             { return r }
func secretsOf(context.Context, string) ([]core.Secret, error) { return nil, nil }
func _() { _, _, _, _, _, _, _, _ = ctx, guard, identity, r, server, publisher, fresh, old }
`

var imports = map[string]string{
	"flag": "flag", "log": "log", "os": "os", "http": "net/http", "httptest": "net/http/httptest", "testing": "testing", "time": "time",
	"gin": "github.com/gin-gonic/gin", "echo": "github.com/labstack/echo/v4", "chi": "github.com/go-chi/chi/v5",
	"core": module, "provider": module + "/provider", "memstore": module + "/replay/memstore", "sqlstore": module + "/replay/sqlstore", "sources": module + "/sources", "handover": module + "/handover", "webhooktest": module + "/webhooktest",
	"ginwebhook": "github.com/sallyport-go/sallyport/ginwebhook", "echowebhook": "github.com/sallyport-go/sallyport/echowebhook",
	"echo5webhook": "github.com/sallyport-go/sallyport/echo5webhook", "chiwebhook": "github.com/sallyport-go/sallyport/chiwebhook",
}

const module = "github.com/sallyport-go/sallyport/core"

// TestREADMECompiles compiles every Go block of the README: programs as they stand, fragments inside a function. The files
// exist in an overlay only, so that they are built with this module's own versions and nothing is written.
func TestREADMECompiles(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
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
	for i, block := range goBlocks(string(readme)) {
		if strings.HasPrefix(block, "package main") {
			programs++
			add(fmt.Sprintf("readmeprogram%d", i), "main.go", block)
			continue
		}
		fragments++
		add("readmefragments", fmt.Sprintf("block%d.go", i), fragment(i, block))
		if strings.Contains(block, "echowebhook") { // the text says what differs in v5
			text := fragment(1000+i, strings.NewReplacer("echowebhook", "echo5webhook", "echo.Context", "*echo.Context").Replace(block))
			add("readmefragments", fmt.Sprintf("block%dv5.go", i), strings.Replace(text, "labstack/echo/v4", "labstack/echo/v5", 1))
		}
	}
	require.Positive(t, programs)
	require.Positive(t, fragments)
	add("readmefragments", "prelude.go", fragmentsPrelude)

	list, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	overlayFile := filepath.Join(temp, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, list, 0o600))
	args := []string{"build", "-o", os.DevNull, "-overlay", overlayFile}
	for p := range packages {
		args = append(args, p)
	}
	sort.Strings(args[5:])
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoErrorf(t, err, "%s", out)
}

// goBlocks are the texts between ```go and ```, without the indentation of a list's item.
func goBlocks(text string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^( *)```go\n(.*?)^ *```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, strings.ReplaceAll("\n"+m[2], "\n"+m[1], "\n")[1:])
	}
	return blocks
}

// fragment makes a file of a block: a function's body, or a whole function.
func fragment(i int, block string) string {
	var b strings.Builder
	b.WriteString("package fragments\n\nimport (\n")
	for name, path := range imports {
		if regexp.MustCompile(`\b` + name + `\.\w`).MatchString(block) {
			_, _ = fmt.Fprintf(&b, "\t%s %q\n", name, path)
		}
	}
	b.WriteString(")\n\n")
	if strings.HasPrefix(block, "func ") {
		return b.String() + block
	}
	_, _ = fmt.Fprintf(&b, "func block%d() {\n%s\n", i, block)
	for _, m := range regexp.MustCompile(`(?m)^(\w+(?:, \w+)*) :=`).FindAllStringSubmatch(block, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			_, _ = fmt.Fprintf(&b, "\t_ = %s\n", name)
		}
	}
	b.WriteString("}\n")
	return b.String()
}
