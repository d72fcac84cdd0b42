package examples_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// providerImports are the packages that the programs on the senders' pages may use, by name.
func providerImports() map[string]string {
	list := map[string]string{
		"log": "log", "bytes": "bytes", "json": "encoding/json", "io": "io", "http": "net/http", "context": "context",
		"os":  "os",
		"gin": "github.com/gin-gonic/gin", "core": module + "/core", "memstore": module + "/core/replay/memstore",
		"ginwebhook": module + "/ginwebhook", "keys": module + "/core/keys", "secrets": module + "/core/secrets",
		"provider": module + "/core/provider", "unproved": module + "/core/provider/unproved",
	}
	for _, name := range []string{"jws", "jwt", "keccak", "nfkd", "httpsig"} {
		list[name] = module + "/core/provider/" + name
	}
	return list
}

// senderPage is what a page in docs/providers prints.
type senderPage struct{ name, text string }

func senderPages(t *testing.T) (all []senderPage) {
	t.Helper()
	files, err := filepath.Glob("../docs/providers/*.md")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if name := strings.TrimSuffix(filepath.Base(file), ".md"); name != "README" {
			all = append(all, senderPage{name, string(text)})
		}
	}
	require.Greater(t, len(all), 200)
	return all
}

// source is a Go file with the page's programs as functions, and id is what it calls its pages.Page.
func (p *senderPage) source(t *testing.T) (source, id string) {
	t.Helper()
	blocks := goBlocks(p.text)
	require.NotEmpty(t, blocks, p.name)
	require.LessOrEqual(t, len(blocks), 2, p.name)
	id = "page" + strings.ReplaceAll(p.name, "-", "_")
	body := ""
	first := "nil"
	for i, block := range blocks {
		name := fmt.Sprintf("%s_%d", id, i)
		if i == 1 {
			first = name
			block += strings.Split(blocks[0], "\n")[strings.Count(blocks[0], "\n")-1] + "\n" // the route
		}
		body += "func " + name + "(r *gin.Engine, signals *core.Signals) (*core.Guard, error) {\n" +
			strings.ReplaceAll(offline(block), "log.Fatal(err)", "return nil, err") + "\treturn guard, nil\n}\n\n" +
			"func _(r *gin.Engine, signals *core.Signals) {\n" + block + "\t_ = guard\n}\n\n" // as it is printed
	}
	body += "func " + id + "_provider() core.Provider {\n\t" + p.decryption(t) + strings.Join(regexp.MustCompile(`(?m)^topics := .*\n`).
		FindAllString(blocks[0], 1), "") + "\treturn " + regexp.MustCompile(`(?s)Provider:\s+(.*?),\n\t\w+:`).
		FindStringSubmatch(offline(blocks[0]))[1] + "\n}\n\n"
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for name, path := range providerImports() {
		if regexp.MustCompile(`\b` + name + `\.\w`).MatchString(body) {
			fmt.Fprintf(&b, "\t%q\n", path)
		}
	}
	fmt.Fprintf(&b, "\t%q\n)\n\n%s", module+"/examples/internal/pages", body)
	again := regexp.MustCompile(`(?m)^- (?:The same delivery again|Remembered by): (.*)$`).
		FindAllStringSubmatch(p.text, -1)
	last := again[len(again)-1][1] // of a sender that signs nothing there is the first only
	if strings.HasPrefix(last, "nothing: ") {
		last = "runs each time"
	}
	refusal := "400"
	if own := regexp.MustCompile(`a failed authentication is (\d+)`).FindStringSubmatch(p.text); own != nil {
		refusal = own[1]
	}
	fmt.Fprintf(&b, "var %s = pages.Page{Name: %q, Secret: %q, Tokens: %q, Guard: %s_0, First: %s, Again: %q,\n\t"+
		"Provider: %s_provider(), Refusal: %s, Path: %q}\n",
		id, p.name, cmp.Or(p.variable(false), offlineVariable), p.variable(true), id, first, last, id,
		refusal, regexp.MustCompile(`Handle\(r, "([^"]+)"`).FindStringSubmatch(blocks[0])[1])
	return b.String(), id
}

// variable is the environment variable of the verify token, or of the secret; empty: the page names none.
func (p *senderPage) variable(ofToken bool) string {
	for _, found := range regexp.MustCompile(`FromEnv\("(\w+)"\)`).FindAllStringSubmatch(p.text, -1) {
		if strings.HasSuffix(found[1], decryptionKey) {
			continue
		}
		if strings.HasSuffix(found[1], "_VERIFY_TOKEN") == ofToken {
			return found[1]
		}
	}
	return ""
}

// decryptionKey ends the environment variables of keys that deliveries are decrypted with.
const decryptionKey = "_DECRYPTION_KEY"

// decryption sets such a variable to a key of this test.
func (p *senderPage) decryption(t *testing.T) (source string) {
	t.Helper()
	for _, found := range regexp.MustCompile(`FromEnv\("(\w+`+decryptionKey+`)"\)`).FindAllStringSubmatch(p.text, 1) {
		known, ok := catalogue.ByName(p.name)
		require.True(t, ok)
		for _, parameter := range known.Parameters {
			if parameter.Secret {
				source += fmt.Sprintf("_ = os.Setenv(%q, %q)\n\t", found[1], parameter.Sample[0])
			}
		}
	}
	return source
}

const offlineVariable = "KEYS_AT_HAND"

// offline has a program take its keys from the environment where it would fetch them, and confirm nothing: tests send
// nothing to anybody. The page's own program is compiled as it stands.
func offline(block string) string {
	for from, to := range map[string]string{
		"Keys:           source,": "Secrets:        secrets.FromEnv(\"" + offlineVariable + "\"),",
		", Confirm: confirm}":     "}",
		// A root of tests stands in for Apple's, and a key for the certificates that a delivery brings.
		"os.ReadFile(\"AppleRootCA-G3.cer\")": "pages.Root(), error(nil)",
		"[][]byte{root}":                      "[][]byte{pages.Root()}",
	} {
		block = strings.ReplaceAll(block, from, to)
	}
	if strings.Contains(block, "pages.Root()") {
		block = strings.Replace(block, "Replay: ", "Secrets: secrets.FromEnv(\""+offlineVariable+"\"),\n\tReplay: ", 1)
	}
	for _, unused := range []string{"source", "confirm", "root"} {
		if strings.Contains(block, unused+", err :=") {
			block += "\t_ = " + unused + "\n"
		}
	}
	return block
}

// TestEachSendersPageIsAProgramThatWorks: what a page of docs/providers prints compiles, starts with the variables that
// it names, and goes through registration, first events, a forgery and a replay as the page says.
func TestEachSendersPageIsAProgramThatWorks(t *testing.T) {
	here, err := os.Getwd()
	require.NoError(t, err)
	temp := t.TempDir()
	overlay := map[string]string{}
	add := func(name, text string) {
		file := filepath.Join(temp, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		overlay[filepath.Join(here, "senderpages", name)] = file
	}
	var ids []string
	for _, p := range senderPages(t) {
		source, id := p.source(t)
		add("page_"+strings.ReplaceAll(p.name, "-", "_")+"_.go", source)
		ids = append(ids, id)
	}
	add("main.go", "package main\n\nimport \""+module+"/examples/internal/pages\"\n\nfunc main() {\n\tpages.Main(\n\t\t"+
		strings.Join(ids, ",\n\t\t")+",\n\t)\n}\n")
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	overlayFile := filepath.Join(temp, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, list, 0o600))
	program := filepath.Join(temp, "senderpages")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "-overlay", overlayFile,
		"./senderpages").CombinedOutput()
	require.NoErrorf(t, err, "%s", out)

	run := exec.CommandContext(t.Context(), program)
	run.Dir = t.TempDir() // where programs write the secrets that are handed over to them
	out, err = run.CombinedOutput()
	require.NoErrorf(t, err, "%s", out)
}
