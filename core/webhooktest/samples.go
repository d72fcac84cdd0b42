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

// Sample is one delivery as a provider sends it, without its proof: made up for this package after the provider's
// documentation, in form complete enough for a receiver's own code, with ids, names and addresses of nobody.
type Sample struct {
	// Type is what core.Event.Type will be; of a batch, that of its first event.
	Type string
	// Header is what the provider sends besides the proof, such as GitHub's event type. Content-Type is among it where
	// it is not application/json.
	Header http.Header
	Body   []byte
}

//go:embed samples
var samples embed.FS //lint:immutable files that were compiled in

const sampleBoundary = "sample-boundary"

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

// Samples returns deliveries of the provider's most usual events, made anew for each call; none where the package has
// none, which it has for the most used senders only.
func Samples(p core.Provider) []Sample {
	data, err := fs.ReadFile(samples, "samples/"+p.Name()+".json")
	if err != nil {
		return nil
	}
	var files []struct {
		Type   string
		Header map[string]string
		Body   json.RawMessage   // of a JSON body
		Form   map[string]string // of a form
		// Multipart are the names and values of a multipart form.
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
			s.Body = []byte(form.Encode())
			s.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		} else if f.Multipart != nil {
			s.Body = multipartBody(f.Multipart)
			s.Header.Set("Content-Type", "multipart/form-data; boundary="+sampleBoundary)
		} else {
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
