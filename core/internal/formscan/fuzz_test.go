package formscan_test

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
)

// FuzzFormValue: a field of a URL-encoded form is the one that net/url finds.
func FuzzFormValue(f *testing.F) {
	f.Add([]byte("a=1&token=x&b=%41+"), "token")
	f.Add([]byte("token=1&token=2"), "token")
	f.Add([]byte("t%6fken=1"), "token")
	f.Add([]byte("%zz=1&token=2"), "token")
	f.Add([]byte("&&token=2&"), "token")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		if name == "" || strings.HasPrefix(string(body), "--") || strings.Contains(string(body), ";") {
			return // no field is called nothing; multipart; what net/url refuses
		}
		value, count, ok := formValue(body, name)
		if !ok || count == 0 {
			return
		}
		for pair := range strings.SplitSeq(string(body), "&") {
			if _, err := url.ParseQuery(pair); err != nil && pair != "" {
				return // another field is malformed, which is not looked at
			}
		}
		want, _ := url.ParseQuery(string(body))
		if got := want[name]; len(got) != count || got[0] != value {
			t.Fatalf("%q %d times, net/url says %q", value, count, got)
		}
	})
}

// FuzzMultipart: a field that is found is the one that mime/multipart finds.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--X\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n--X--\r\n"))
	f.Add([]byte("--X\r\nContent-Disposition: form-data; name=\"json\"; filename=\"a\"\r\n\r\n{}\r\n--X--"))
	f.Add([]byte("--X\r\nContent-Disposition:form-data;name=\"json\";filename=\r\n\r\n--X--"))
	f.Add([]byte("--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		value, count, ok := formValue(body, "json")
		if !ok || count == 0 {
			return
		}
		line, _, multi := bytes.Cut(body, []byte("\r\n"))
		if !multi || !bytes.HasPrefix(line, []byte("--")) {
			return // URL-encoded
		}
		form, err := multipart.NewReader(bytes.NewReader(body), string(line[2:])).ReadForm(1 << 20)
		if err != nil {
			return
		}
		if got := form.Value["json"]; len(got) != count || got[0] != value {
			t.Fatalf("%q %d times, mime/multipart says %q", value, count, got)
		}
	})
}

// formValue finds a field of a form of either kind.
func formValue(body []byte, name string) (value string, count int, ok bool) {
	var field [1]formscan.Field
	err := formscan.Compile(name).Find(body, field[:])
	first := field[0]
	first.Count = min(first.Count, 1)
	value, _ = first.Once()
	return value, field[0].Count, err == nil
}
