package inspector_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// hostileCopy is a request whose parts try to leave the text that they are copied in.
type hostileCopy struct {
	says, method, url, body string
	header                  http.Header
}

func hostileCopies() []hostileCopy {
	breaking := "`)\n\tpanic(1) //' \"; $(touch owned) `touch owned` \\n %s \u202e"
	return []hostileCopy{
		{"quotes and commands", "POST", "/hook?a=%27;$(touch%20owned)`touch+owned`&b=[1-9]{a,b}", breaking, http.Header{
			"X-Request-Id": {"'; touch owned; '", "`touch owned`", "$(touch owned)"},
			"Traceparent":  {"\"quoted\" \\ %d"}}},
		{"a body that ends a raw string", "POST", "/hook", "`+os.Getenv(\"HOME\")+`", nil},
		{"lines", "POST", "/hook", "a\r\nb\rc\n\n\td", http.Header{"Content-Type": {"text/plain"}}},
		{"NUL and control characters", "POST", "/hook", "a\x00b\x1b[2J\x7f\u0085", http.Header{
			"X-Request-Id": {"tab\tin it", "\u0085next line", "\u202ereversed"}}},
		{"a byte order mark", "POST", "/hook", "\ufeff{\"a\":1}", http.Header{"Content-Type": {"application/json"}}},
		{"not UTF-8", "POST", "/hook?x=\xff", "\xff\xfe{`'$(touch owned)\x00", http.Header{
			"X-Request-Id": {"\xff'$(touch owned)"}}},
		{"empty", "POST", "/", "", http.Header{"X-Request-Id": {""}}},
		{"long", "POST", "/hook", strings.Repeat("it's `long` ", 5000), nil},
		{"the header of an event", "POST", "/hook", "{}", http.Header{"X-Event-Key": {"repo:push"},
			"Idempotency-Key": {"a'b"}}},
		{"another method", "PUT", "/hook/../up/./x", "{}", nil},
		{"an address that is whole", "POST", "https://other.example.com/hook?a=b", "{}", nil},
	}
}

// copied keeps the request as an entry, and returns the texts to copy from its page, and its download.
func (a *app) copied(c *hostileCopy) (curl, test string, body []byte) {
	a.t.Helper()
	header := c.header.Clone()
	require.NoError(a.t, a.kept.Keep(a.t.Context(), []*journal.Entry{{
		State: journal.Parked, Endpoint: "str`ipe\"\n$(x)", Provider: "stripe", Reason: reason.Permanent,
		Body: []byte(c.body), Request: journal.Request{Method: c.method, URL: c.url, Header: header},
	}}))
	path := "/event/" + string(a.newest().ID)
	texts := regexp.MustCompile(`(?s)<pre class="copy" tabindex="0">(.*?)</pre>`).
		FindAllStringSubmatch(a.get(path).Body.String(), -1)
	require.Len(a.t, texts, 2, c.says)
	return html.UnescapeString(texts[0][1]), html.UnescapeString(texts[1][1]), a.get(path + "/body").Body.Bytes()
}

// A real shell and a real curl send the very bytes, and run nothing of them.
func TestTheCopiedCommandSendsTheVeryRequest(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl on this machine")
	}
	type received struct {
		method, uri, body string
		header            http.Header
	}
	got := make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{r.Method, r.RequestURI, string(body), r.Header}
	}))
	t.Cleanup(server.Close)
	for _, c := range hostileCopies() {
		a := newApp(t)
		target := server.URL + strings.TrimPrefix(c.url, "https://other.example.com")
		kept := c
		kept.url = target
		line, _, body := a.copied(&kept)
		require.NotRegexp(t, "[\x00-\x09\x0b-\x1f\x7f-\u009f\u202e]", line, "%s: a terminal would not show it", c.says)
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "event.bin"), body, 0o600))
		run := exec.CommandContext(t.Context(), "sh", "-c", line)
		run.Dir = folder
		run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder}
		out, err := run.CombinedOutput()
		require.NoError(t, err, "%s: %s%s", c.says, line, out)
		files, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Len(t, files, 1, "%s: nothing of it was run", c.says)
		require.Len(t, got, 1, "%s: one request", c.says)
		r := <-got
		require.Equal(t, c.method, r.method, c.says)
		require.Equal(t, strings.TrimPrefix(target, server.URL), r.uri, c.says)
		require.Equal(t, c.body, r.body, c.says)
		for _, name := range []string{"Content-Type", "X-Request-Id", "Traceparent", "X-Event-Key", "Idempotency-Key"} {
			require.Equal(t, c.header[name], r.header[name], "%s: %s", c.says, name)
		}
	}
}

// around is what surrounds the copied tests: an app that compares each request with the one that was kept.
const around = `package copied

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

var _, _ = os.Args, httptest.NewRecorder

type kept struct {
	method, uri, body string
	header            http.Header
}

// routerOf serves an endpoint that answers 200 to the request that was kept, and to no other.
func routerOf(want kept) func(secret string) http.Handler {
	return func(secret string) http.Handler {
		g, err := core.New(core.Config{Endpoint: "copied", Provider: provider.GitHub(),
			Secrets: secrets.Static(secret), Replay: memstore.New(), StoreFailure: core.RefuseDelivery})
		if err != nil {
			panic(err)
		}
		check := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			same := r.URL.RequestURI() == want.uri && string(body) == want.body
			for name, values := range want.header {
				same = same && slices.Equal(r.Header[name], values)
			}
			if !same {
				w.WriteHeader(http.StatusTeapot)
			}
		})
		router := httpwebhook.Verify(g)(check)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != want.method {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			r.Method = http.MethodPost // the only one of this provider
			router.ServeHTTP(w, r)
		})
	}
}
`

// Each test compiles, passes go vet, and sends the very request: it is run in a module of its own.
func TestTheCopiedTestSendsTheVeryRequest(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	module := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	name := "github.com/sallyport-go/sallyport"
	text := strings.Replace(string(mod), "module "+name, "module copied", 1) +
		"\nrequire " + name + " v0.0.0\nreplace " + name + " => " + strconv.Quote(root) + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(module, "go.mod"), []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(module, "go.sum"), sum, 0o600))

	packages := map[string]string{} // what is read from a file has a folder of its own
	for i, c := range hostileCopies() {
		_, test, body := newApp(t).copied(&c)
		require.Contains(t, test, "func TestReceivesTheEvent(t *testing.T) {", c.says)
		test = strings.Replace(test, "TestReceivesTheEvent(t", fmt.Sprintf("TestReceivesTheEvent%d(t", i), 1)
		folder := "inline"
		if strings.Contains(test, "os.ReadFile(") {
			folder = fmt.Sprint("file", i)
			require.NoError(t, os.MkdirAll(filepath.Join(module, folder, "testdata"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(module, folder, "testdata", "event.bin"), body, 0o600))
		}
		at, err := url.Parse("https://example.com" + strings.TrimPrefix(c.url, "https://other.example.com"))
		require.NoError(t, err)
		head, rest, _ := strings.Cut(test, "{\n")
		packages[folder] += fmt.Sprintf("\n%s{\n\tp, newRouter := provider.GitHub(), routerOf(kept{%q, %q, %q, %#v})\n"+
			"%s", head, c.method, at.RequestURI(), c.body, c.header, rest)
	}
	for folder, tests := range packages {
		require.NoError(t, os.MkdirAll(filepath.Join(module, folder), 0o700))
		file := filepath.Join(module, folder, "copied_test.go")
		require.NoError(t, os.WriteFile(file, []byte(around+tests), 0o600))
	}
	run := exec.CommandContext(t.Context(), "go", "test", "-vet=all", "./...")
	run.Dir = module
	run.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotContains(t, string(out), "no test files")
}
