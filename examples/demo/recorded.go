package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"time"
)

// recordings are deliveries whose signatures the providers, their SDKs or the scheme's specification published; each
// file says where.
//
//go:embed testdata/*.json
var recordings embed.FS

// recording is one delivery as it was recorded, with the secret that signed it.
type recording struct {
	ID       string            `json:"id"`
	Provider string            `json:"provider"`
	Header   map[string]string `json:"headers"`
	Body     []byte            `json:"body_b64"`
	Secret   string            `json:"secret"`
	Now      int64             `json:"now"` // the clock to check it by; 0: the scheme signs no time
	Expect   string            `json:"expect"`
}

func loadRecordings() (map[string]recording, error) {
	names, err := recordings.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	all := map[string]recording{}
	for _, name := range names {
		data, err := recordings.ReadFile(path.Join("testdata", name.Name()))
		if err != nil {
			return nil, err
		}
		var list []recording
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", name.Name(), err)
		}
		for _, r := range list {
			all[r.ID] = r
		}
	}
	return all, nil
}

// clock stands still at the moment the delivery was recorded.
func (r recording) clock() func() time.Time {
	if r.Now == 0 {
		return time.Now
	}
	return func() time.Time { return time.Unix(r.Now, 0) }
}

func (r recording) header() http.Header {
	h := http.Header{}
	for name, value := range r.Header {
		h.Set(name, value)
	}
	return h
}
