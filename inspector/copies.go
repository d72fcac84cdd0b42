package inspector

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/internal/plain"
)

// copies are texts to paste elsewhere: into a shell, or into a test.
type copies struct{ Curl, Test string }

// testBytes is the longest body that is written into the test. A longer one is read from the file.
const testBytes = 16 << 10

func copiesOf(e *journal.Entry) *copies {
	if e.Kind == journal.FromInbox || e.Request.Method == "" {
		return nil
	}
	return &copies{Curl: curlOf(e), Test: testOf(e)}
}

// curlOf returns a command that sends the body again. Signatures are not kept: it is not a delivery until somebody
// signs it. What the sender wrote stands in single quotes, and nothing of it is run. What no terminal shows as it is
// stands there as the octal numbers of printf, so that the request has the very bytes.
func curlOf(e *journal.Entry) string {
	var b strings.Builder
	b.WriteString("# event.bin is the download of this page. The signature is not kept: an endpoint that checks it " +
		"refuses this.\n")
	// curl treats brackets and braces in a URL as a list of URLs, and would send a request to each.
	fmt.Fprintf(&b, "curl --globoff --path-as-is --request %s --url %s", plain.Word(e.Request.Method),
		plain.Word(addressOf(&e.Request)))
	sent := sentHeaders(e.Request.Header)
	if sent.Get("Content-Type") == "" { // curl would say that the body is a form
		b.WriteString(" \\\n  --header 'Content-Type:'")
	}
	for _, h := range byName(sent) {
		fmt.Fprintf(&b, " \\\n  --header %s", plain.Word(plain.CurlHeader(h.Name, h.Value)))
	}
	b.WriteString(" \\\n  --data-binary @event.bin")
	return b.String()
}

// sentHeaders leaves out what curl or a proxy sets, and what may be a credential.
func sentHeaders(h http.Header) http.Header {
	sent := maps.Clone(h)
	maps.DeleteFunc(sent, func(name string, _ []string) bool {
		return strings.HasPrefix(name, "X-Forwarded-") || looksSecret(name) || slices.Contains([]string{
			"Accept-Encoding", "Content-Length", "Forwarded", "Connection", "User-Agent", "Date",
		}, name)
	})
	return sent
}

// testOf returns a test that sends the event to the app, signed with a secret of its own.
func testOf(e *journal.Entry) string {
	body := "body"
	var b strings.Builder
	b.WriteString("// TestReceivesTheEvent sends the event as the provider signs it, with a secret of its own.\n")
	b.WriteString("func TestReceivesTheEvent(t *testing.T) {\n")
	if len(e.Body) <= testBytes && utf8.Valid(e.Body) {
		body = "[]byte(" + literal(string(e.Body)) + ")"
	} else {
		b.WriteString("\tbody, err := os.ReadFile(\"testdata/event.bin\") // the download of the " +
			"page\n\trequire.NoError(t, err)\n")
	}
	b.WriteString("\tsender := webhooktest.NewSender(p) // p: the provider of the endpoint " +
		strconv.Quote(e.Endpoint) + "\n")
	b.WriteString("\trouter := newRouter(sender.Secret()) // the app's own function\n")
	post := e.Request.Method == http.MethodPost
	call := "answer := sender.Send(router, "
	if !post {
		call = "request := sender.Request("
	}
	fmt.Fprintf(&b, "\t%s%s, webhooktest.Sample{\n", call, strconv.Quote(pathOf(e.Request.URL)))
	if kept := sentHeaders(e.Request.Header); len(kept) > 0 {
		b.WriteString("\t\tHeader: http.Header{\n")
		for _, name := range slices.Sorted(maps.Keys(kept)) {
			// The values of one name stand together: a key that comes twice does not compile.
			values := make([]string, len(kept[name]))
			for i, v := range kept[name] {
				values[i] = strconv.Quote(v)
			}
			fmt.Fprintf(&b, "\t\t\t%s: {%s},\n", strconv.Quote(name), strings.Join(values, ", "))
		}
		b.WriteString("\t\t},\n")
	}
	fmt.Fprintf(&b, "\t\tBody: %s,\n\t})\n", body)
	if !post {
		fmt.Fprintf(&b, "\trequest.Method = %s\n", strconv.Quote(e.Request.Method))
		b.WriteString("\tanswer := httptest.NewRecorder()\n\trouter.ServeHTTP(answer, request)\n")
	}
	b.WriteString("\trequire.Equal(t, http.StatusOK, answer.Code)\n}\n")
	return b.String()
}

func literal(text string) string {
	if strconv.CanBackquote(text) && readable([]byte(text)) == text {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

// addressOf returns the URL that the request was sent to, as far as the journal keeps it.
func addressOf(r *journal.Request) string {
	if !strings.HasPrefix(r.URL, "/") || r.Host == "" {
		return r.URL
	}
	if r.TLS {
		return "https://" + r.Host + r.URL
	}
	return "http://" + r.Host + r.URL
}

func pathOf(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		if at := strings.IndexByte(rest, '/'); at >= 0 {
			return rest[at:]
		}
		return "/"
	}
	return url
}
