package core_test

import (
	"bytes"
	"encoding/hex"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// FuzzPublicKey: no text of a key panics; what is accepted judges without a panic; no error shows the text.
func FuzzPublicKey(f *testing.F) {
	f.Add("01000000000000000000000000000000000000000000000000000000000000ff", uint8(0))
	f.Add("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==", uint8(1))
	f.Add("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", uint8(2))
	f.Add("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----", uint8(3))
	f.Fuzz(func(t *testing.T, text string, alg uint8) {
		algorithm := entry.Ed25519 + entry.Algorithm(alg%5)
		c, _ := config(publicEntry(algorithm, entry.Key{Encoding: entry.Hex, Certificate: alg%2 == 0}))
		c.Observers = nil
		c.Secrets = secrets.Static(text)
		g, err := core.New(c)
		if err != nil {
			if len(text) > 40 && strings.Contains(err.Error(), text) {
				t.Fatal("the error shows the key")
			}
			return
		}
		for _, size := range []int{64, 70, 256, 512} {
			if w := run(g, post("{}", "X-Sig", hex.EncodeToString(make([]byte, size))), ok); w.Code == 200 || w.Code >= 500 {
				t.Fatalf("a signature of zeros: %d", w.Code)
			}
		}
	})
}

// FuzzSortedForm: what is signed field by field is what net/url reads.
func FuzzSortedForm(f *testing.F) {
	f.Add([]byte("b=2&a=1&a=0&&=&%41=+"))
	f.Add([]byte("a=%zz"))
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, ok := core.SortedForm(body)
		want, err := url.ParseQuery(string(body))
		if bytes.IndexByte(body, ';') >= 0 {
			return // net/url refuses it; senders write %3B
		}
		if ok != (err == nil) {
			if !ok && bytes.Count(body, []byte{'&'}) >= 1000 {
				return
			}
			t.Fatalf("ok %v, net/url says %v", ok, err)
		}
		if !ok {
			return
		}
		var flat []string
		for _, name := range slices.Sorted(keysOf(want)) {
			values := slices.Sorted(slices.Values(want[name]))
			for _, value := range values {
				flat = append(flat, name, value)
			}
		}
		if !slices.Equal(fields, flat) {
			t.Fatalf("%q, net/url says %q", fields, flat)
		}
	})
}

func keysOf(v url.Values) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range v {
			if !yield(k) {
				return
			}
		}
	}
}

// FuzzMultipart: a field that is found is the one that mime/multipart finds.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--X\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n--X--\r\n"))
	f.Add([]byte("--X\r\nContent-Disposition: form-data; name=\"json\"; filename=\"a\"\r\n\r\n{}\r\n--X--"))
	f.Add([]byte("--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		value, count, ok := core.FormValue(body, "json")
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

// FuzzSignedURL: a URL that is cut is the same put together, and its forms keep everything but the port.
func FuzzSignedURL(f *testing.F) {
	f.Add("https://user:pass@example.com:8443/a?b=c:d@e")
	f.Add("http://[::1]/")
	f.Add("https://[::1]:1?")
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		p, with, without := core.SplitURL(text)
		whole := p[0] + p[1] + p[3]
		if p[2] != "" {
			whole = p[0] + p[1] + ":" + p[2] + p[3]
		}
		if whole != text && p[0]+p[1]+":"+p[3] != text { // "host:" names an empty port
			t.Fatalf("%q became %q", text, whole)
		}
		if without != p[0]+p[1]+p[3] || (p[2] != "" && with != text) {
			t.Fatalf("%q, with a port %q, without %q", text, with, without)
		}
	})
}

// FuzzSignedItems: a list of signed items, and a document in a form's field, never panic, never make a 5xx, and never
// let a forgery through.
func FuzzSignedItems(f *testing.F) {
	e := entry.Entry{
		Name: "items", Title: "Items", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256, Items: "/items", Document: "json",
			Signature: entry.Signature{Field: entry.Field{JSON: "/sig"}, Encoding: entry.Hex},
			Signed:    []entry.Part{entry.JSONText("/a"), entry.Literal(":"), {Kind: entry.PartJSON, Text: "/b", Optional: true, Grammar: entry.NoColon}},
		},
		Identity: entry.Identity{Kind: entry.BySigned},
	}
	c, _ := config(e)
	c.Observers = nil
	g := mustNew(f, c)
	good := `{"items":[{"a":"1","sig":"` + mac(testSecret, "1:") + `"}]}`
	f.Add([]byte(good), "application/json")
	f.Add([]byte("json="+url.QueryEscape(good)), "application/x-www-form-urlencoded")
	f.Add([]byte(`{"items":[{"a":{},"b":[]},null,1,[]]}`), "application/json")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		w := run(g, post(string(body), "Content-Type", contentType), ok)
		if w.Code >= 500 {
			t.Fatalf("a request's content made a %d", w.Code)
		}
		if w.Code == 200 && !bytes.Contains(bytes.ToLower(body), []byte(mac(testSecret, "1:"))) && !bytes.ContainsAny(body, `\%`) {
			t.Fatalf("a forged delivery got through: %q", body)
		}
	})
}
