package entry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/entry"
)

func TestWhatClosesEachBoundary(t *testing.T) {
	t.Parallel()
	url, body, id, at := entry.URL(), entry.Body(), entry.ID(), entry.TimestampText()
	feed, dot, letter := entry.Literal("\n"), entry.Literal("."), entry.Literal("x")
	header, method, path := entry.Header("X-Kind"), entry.Part{Kind: entry.PartMethod}, entry.Part{Kind: entry.PartPath}
	only := &entry.Closing{Field: "events", Only: true}
	form, closed := entry.Part{Kind: entry.PartSortedForm}, entry.Part{Kind: entry.PartSortedForm, Closing: only}
	bare, query := entry.Part{Kind: entry.PartURLWithoutQuery}, entry.Part{Kind: entry.PartSortedQuery}
	secret, sum := entry.Secret(), entry.Part{Kind: entry.PartBodySHA256}
	json, pinned := entry.Boundary{JSON: true}, entry.Boundary{URL: true}
	for _, row := range []struct {
		name  string
		parts []entry.Part
		want  entry.Boundary
	}{
		{"no URL", []entry.Part{at, dot, body}, entry.Boundary{}},
		{"a URL and a body", []entry.Part{url, body}, json},
		{"a path and a body", []entry.Part{path, body}, json},
		{"a body and a URL", []entry.Part{body, url}, json},
		{"a line feed between them", []entry.Part{url, feed, body}, entry.Boundary{}},
		{"a line feed between them, the other way round", []entry.Part{body, feed, url}, entry.Boundary{}},
		{"a dot, which URLs have", []entry.Part{url, dot, body}, json},
		{"a dot, the other way round", []entry.Part{body, dot, url}, json},
		{"a timestamp between them", []entry.Part{url, at, body}, json},
		{"method and secret before the URL", []entry.Part{secret, method, url, body, at}, json},
		{"an id that a dot begins", []entry.Part{url, dot, id, dot, body}, json},
		{"an id that touches the URL", []entry.Part{url, id, dot, body}, entry.Boundary{JSON: true, URL: true}},
		{"an id behind a letter", []entry.Part{url, letter, id, dot, body}, entry.Boundary{JSON: true, URL: true}},
		{"an id before the URL", []entry.Part{id, url, body}, json},
		{"an id before a letter", []entry.Part{id, letter, url, body}, pinned},
		{"a header before the URL", []entry.Part{header, url, body}, pinned},
		{"a header before a line feed", []entry.Part{header, feed, url, body}, json},
		{"a header behind the URL", []entry.Part{url, header, feed, body}, entry.Boundary{JSON: true, URL: true}},
		{"a header behind a line feed", []entry.Part{url, feed, header, feed, body}, entry.Boundary{}},
		{"a header between body and URL", []entry.Part{body, header, url}, pinned},
		{"two URLs around a body", []entry.Part{url, body, url}, pinned},
		{"a URL and an id alone", []entry.Part{bare, id}, pinned},
		{"a URL and a digest of the body", []entry.Part{url, sum}, pinned},
		{"a URL and a form", []entry.Part{url, form}, pinned},
		{"a URL and a form that a field closes", []entry.Part{url, closed}, entry.Boundary{Form: only}},
		{"something behind that form", []entry.Part{url, closed, at}, pinned},
		{"a query behind a URL without one", []entry.Part{bare, query, form, dot, id}, entry.Boundary{Query: true}},
		{"a query behind a URL with one", []entry.Part{url, query}, pinned},
		{"a URL at the end, behind a line feed", []entry.Part{sum, feed, path}, entry.Boundary{}},
		{"a URL at the end, behind a header", []entry.Part{header, dot, path}, pinned},
	} {
		require.Equal(t, row.want, (&entry.Scheme{Signed: row.parts}).Boundary(), row.name)
		if row.want != (entry.Boundary{}) {
			also := entry.Scheme{Signed: []entry.Part{body}, Also: [][]entry.Part{row.parts}}
			require.Equal(t, row.want, also.Boundary(), row.name)
		}
	}
}
