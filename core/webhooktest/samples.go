package webhooktest

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/core"
)

// Sample is one delivery as a provider sends it, without its proof. It was made up for this package after the
// provider's documentation, and is complete enough for a receiver's own code. Its ids, names and addresses are
// invented.
type Sample struct {
	// Type is the core.Event.Type that a guard reads from it. For a batch it is that of the first event.
	Type string
	// Header has the provider's headers without the proof, such as GitHub's event type. It has a Content-Type if that
	// is not application/json.
	Header http.Header
	Body   []byte
}

//go:embed samples
var samples embed.FS //lint:immutable files that were compiled in

// sampleBoundary is fixed, so that equal samples have equal bodies.
const sampleBoundary = "sample-boundary"

// multipartBody returns a multipart form with the names and values of fields. It panics on a mistake in the package's
// own files, which a test finds.
func multipartBody(fields [][2]string) []byte {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.SetBoundary(sampleBoundary); err != nil {
		panic(err)
	}
	for _, f := range fields {
		if err := w.WriteField(f[0], f[1]); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return body.Bytes()
}

// Samples returns deliveries of the provider's most usual events. The caller may change them: each call makes new ones.
// The result is empty for the few providers without samples.
func Samples(p core.Provider) []Sample {
	data, err := fs.ReadFile(samples, "samples/"+p.Name()+".json")
	if err != nil { // no file for this provider
		return nil
	}
	var files []struct { // "source", the link to where the provider shows the members, is for readers
		Type   string
		Header map[string]string
		Body   json.RawMessage   // a JSON body
		Form   map[string]string // the fields of a URL-encoded form
		Text   string            // a body that is neither JSON nor a form
		// Multipart has the names and values of a multipart form, in order.
		Multipart [][2]string
	}
	if err := json.Unmarshal(data, &files); err != nil {
		panic(err) // a test of this package reads every one
	}
	var all []Sample
	for _, f := range files {
		s := Sample{Type: f.Type, Header: http.Header{}}
		for name, value := range f.Header {
			s.Header.Set(name, value)
		}
		if f.Form != nil {
			form := url.Values{}
			for name, value := range f.Form {
				form.Set(name, value)
			}
			s.Body = []byte(form.Encode()) // sorted by name, so that equal samples have equal bodies
			s.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		} else if f.Multipart != nil {
			s.Body = multipartBody(f.Multipart)
			s.Header.Set("Content-Type", "multipart/form-data; boundary="+sampleBoundary)
		} else if f.Text != "" {
			s.Body = []byte(f.Text)
		} else if f.Body != nil { // without any, the headers are all
			// The files are indented for readers. Providers send JSON without spaces.
			var compact bytes.Buffer
			if err := json.Compact(&compact, f.Body); err != nil {
				panic(err)
			}
			s.Body = compact.Bytes()
		}
		all = append(all, s)
	}
	return all
}
