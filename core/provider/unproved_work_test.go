package provider_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/onecapture"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// attack is a body that nobody has proved, in the place of a captured one.
type attack struct {
	name        string
	contentType string // empty: as captured
	body        []byte
}

// fill repeats a text up to a size.
func fill(text string, size int) string { return strings.Repeat(text, size/len(text)) }

// attacksOn are bodies of about that size on which a reader works hardest: many small names, escapes, depth, parts with
// long headers, and the names that the entry looks for. What carries the signature stands behind them.
func attacksOn(s *onecapture.Source, size int) (all []attack) {
	const jsonType, formType, multipart = "application/json", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=b"
	genuine := string(s.Body)
	json := func(name, text string) {
		all = append(all, attack{"JSON: " + name, jsonType, []byte(text)})
	}
	members := func(name, one string) {
		rest := strings.TrimSpace(genuine)
		if !strings.HasPrefix(rest, "{") || len(rest) < 3 {
			rest = `{"z":0}`
		}
		json(name, "{"+fill(one+",", size)+rest[1:])
	}
	form := func(name, text string) {
		rest := genuine
		if !strings.Contains(rest, "=") || strings.HasPrefix(rest, "{") {
			rest = "z=0"
		}
		all = append(all, attack{"form: " + name, formType, []byte(text + "&" + rest)})
	}
	parts := func(name, one string) {
		all = append(all, attack{"multipart: " + name, multipart, []byte(fill(one, size) + "--b--\r\n")})
	}
	all = append(all, attack{"one letter", "", []byte(fill("x", size))})
	members("short names", `"a":1`)
	members("escaped names", `"\u0073":1`)
	members("escaped letters", `"a":"\n\u00e9\ud83d\ude00"`)
	members("escaped quotation marks", `"a":"\"\"\"\"\"\"\"\""`)
	members("nested objects", `"a":{"b":{"c":{"d":1}}}`)
	members("empty lists", `"a":[]`)
	members("long numbers", `"a":1234567890.12345e-7`)
	json("an open list in a list", fill("[", size))
	json("lists in lists", fill("[", size/2)+fill("]", size/2))
	json("objects in objects", fill(`{"a":`, size/2)+"1"+fill("}", size/10))
	json("a list of objects", "["+fill("{},", size)+"{}]")
	json("a list of blanks", "["+fill(" ", size)+"]")
	json("a text without an end", `{"a":"`+fill(`\"`, size))
	form("short names", fill("a=&", size))
	form("escaped names", fill("%61=%62&", size))
	form("nothing but separators", fill("&", size))
	form("one escaped value", "a="+fill("%41", size))
	form("plus signs", "a="+fill("+", size))
	form("a broken escape at the end", "a="+fill("%41", size)+"%4")
	parts("small parts", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n")
	parts("continued names", "--b\r\nContent-Disposition: form-data"+fill("; name*0=a; name*1=b", 4000)+"\r\n\r\n1\r\n")
	parts("escaped names", "--b\r\nContent-Disposition: form-data; name=\""+fill(`\"`, 4000)+"\"\r\n\r\n1\r\n")
	parts(
		"many header lines",
		"--b\r\n"+fill("A: b\r\n", 4000)+"Content-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n",
	)
	parts("half a boundary", "\r\n--")
	parts("boundaries of others", "--c\r\n")
	for _, name := range namesOf(s.Entry) {
		members("the wanted name "+name, fmt.Sprintf("%q:0", name))
		members("the wanted name "+name+" with an object", fmt.Sprintf(`%q:{"id":"x"}`, name))
		form("the wanted name "+name, fill(name+"=a&", size))
		form("a document under "+name, name+"="+fill("%7B%22a%22%3A1%7D", size))
		parts("the wanted name "+name, "--b\r\nContent-Disposition: form-data; name=\""+name+"\"\r\n\r\n1\r\n")
	}
	return all
}

// namesOf are the members and fields that carry the proof.
func namesOf(e *entry.Entry) []string {
	names := map[string]bool{}
	add := func(texts ...string) {
		for _, text := range texts {
			if first, _, _ := strings.Cut(strings.TrimPrefix(text, "/"), "/"); first != "" {
				names[first] = true
			}
		}
	}
	sch := e.Scheme
	add(sch.Document, sch.Items)
	for _, f := range []entry.Field{sch.Signature.Field, sch.Timestamp.Field, sch.ID, sch.KeyRef} {
		add(f.JSON, f.Form)
	}
	for _, p := range sch.Signed {
		if p.Kind == entry.PartJSON || p.Kind == entry.PartForm {
			add(p.Text)
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// familyOf says where an entry has to look before it knows who sent a delivery.
func familyOf(e *entry.Entry) string {
	sch := e.Scheme
	if sch.Custom != nil {
		if len(sch.Custom.Traits().Headers) == 0 {
			return "a token in the body"
		}
		return "a token or message signature in the headers"
	}
	where := "a header"
	switch {
	case sch.Document != "":
		where = "a JSON document in a form"
	case sch.Items != "":
		where = "an item of a JSON list"
	case sch.Signature.JSON != "":
		where = "a JSON member"
	case sch.Signature.Form != "":
		where = "a form field"
	}
	what := "fields of the body"
	has := func(kinds ...entry.PartKind) bool {
		return slices.ContainsFunc(sch.Signed, func(p entry.Part) bool { return slices.Contains(kinds, p.Kind) })
	}
	switch {
	case has(entry.PartSortedForm):
		what = "the sorted form"
	case has(entry.PartReplacedBody):
		what = "the body with the secret in it"
	case has(entry.PartCRC32, entry.PartBodyMD5, entry.PartBodySHA256):
		what = "a sum of the body"
	case has(entry.PartBody):
		what = "the body"
	case has(entry.PartJSON):
		what = "members of the JSON"
	case !has(entry.PartForm):
		what = "no body"
	}
	if sch.BodySHA256 != "" {
		what += " or its sum in the URL"
	}
	if len(sch.Also) > 0 {
		what += fmt.Sprintf(", in %d readings", 1+len(sch.Also))
	}
	return "signature in " + where + " over " + what
}

// unprovedCase is one entry with a captured delivery whose body is replaced.
type unprovedCase struct {
	sender *sender
	c      *captured
	guard  *core.Guard // of another key, so that nothing is ever proved
	max    int64
}

func unprovedCases(t testing.TB) (all []unprovedCase) {
	t.Helper()
	recorded := allVectors(t)
	for _, s := range slices.Concat(everySender(t), ownSenders(t)) {
		if s.entry.Scheme == nil {
			continue // without a signature nothing of the body is looked at before the credential
		}
		captures := capturedFrom(t, &s, recorded)
		require.NotEmpty(t, captures, s.name)
		guard := s.guardOf(t, 2, "", time.Unix(ownTime, 0))
		all = append(all, unprovedCase{&s, &captures[0], guard, cmp.Or(s.entry.MaxBody, 1<<20)})
	}
	return all
}

// send gives the attack to the guard, and reports whether it was refused.
func (u *unprovedCase) send(a *attack) (refused bool) {
	c := *u.c.source.Capture
	c.Body = a.body
	if a.contentType != "" {
		c.Header = c.Header.Clone()
		c.Header.Set("Content-Type", a.contentType)
	}
	r := c.Request()
	d, _ := u.guard.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	if d != nil {
		d.Abandon()
	}
	return d == nil
}

// TestWhatIsNotProvedAllocatesInProportionToItsBody holds law 7 where it can be counted: whatever a body consists of,
// what is allocated until it is refused is at most a small multiple of the body. The times are in
// docs/unproved-work.md.
func TestWhatIsNotProvedAllocatesInProportionToItsBody(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates by itself")
	}
	const size = 128 << 10
	for _, u := range unprovedCases(t) {
		for _, a := range attacksOn(u.c.source, size) {
			if int64(len(a.body)) > u.max {
				continue
			}
			u.send(&a) // what is made once
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			refused := u.send(&a)
			runtime.ReadMemStats(&after)
			require.True(t, refused, "%s: %s", u.sender.name, a.name)
			if n := after.TotalAlloc - before.TotalAlloc; n > 8*uint64(len(a.body))+64<<10 {
				t.Errorf("%s: %s: %d bytes are allocated for a body of %d", u.sender.name, a.name, n, len(a.body))
			}
		}
	}
}

// BenchmarkUnprovedWork reports what the worst body costs each family of entries until it is refused, as a multiple of
// hashing it. With SALLYPORT_WRITE_UNPROVED_WORK it writes the table of docs/unproved-work.md to that file.
func BenchmarkUnprovedWork(b *testing.B) {
	const size = 1 << 20
	type worst struct {
		times, hashed float64 // multiples of hashing; of what the body costs that is one letter repeated
		bytes         float64 // allocated, for each byte of the body
		entry, body   string
		entries       int
	}
	families := map[string]*worst{}
	for range b.N {
		clear(families)
		for _, u := range unprovedCases(b) {
			w := families[familyOf(u.sender.entry)]
			if w == nil {
				w = &worst{}
				families[familyOf(u.sender.entry)] = w
			}
			w.entries++
			n := int(min(size, u.max/2)) // escapes and the signature behind make a body longer
			for i, a := range attacksOn(u.c.source, n) {
				times, bytes := u.measure(&a)
				// Only what is slow each time is the worst: other programs run on this machine.
				for range 4 {
					if times <= w.times && (i > 0 || times <= w.hashed) {
						break
					}
					again, _ := u.measure(&a)
					times = min(times, again)
				}
				if i == 0 {
					w.hashed = max(w.hashed, times)
				}
				w.bytes = max(w.bytes, bytes)
				if times > w.times {
					w.times, w.entry, w.body = times, u.sender.name, a.name
				}
			}
		}
	}
	var page bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(families)) {
		w := families[name]
		b.ReportMetric(w.times, strings.ReplaceAll(name, " ", "-")+"-x")
		fmt.Fprintf(
			&page,
			"| %s | %d | %.1f | %.1f | %s, `%s` | %.1f |\n",
			name,
			w.entries,
			w.hashed,
			w.times,
			w.body,
			w.entry,
			w.bytes,
		)
	}
	if path := os.Getenv("SALLYPORT_WRITE_UNPROVED_WORK"); path != "" {
		require.NoError(b, writeUnprovedWork(path, page.Bytes()))
	}
}

// measure returns the least of some rounds, as a multiple of the hash of the same bytes in the same rounds.
func (u *unprovedCase) measure(a *attack) (times, bytesEach float64) {
	const rounds = 5
	least, hash := time.Duration(1<<62), time.Duration(1<<62)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		began := time.Now()
		u.send(a)
		least = min(least, time.Since(began))
		began = time.Now()
		sum := sha256.Sum256(a.body)
		hash = min(hash, time.Since(began))
		runtime.KeepAlive(sum)
	}
	runtime.ReadMemStats(&after)
	return float64(least) / float64(hash), float64(after.TotalAlloc-before.TotalAlloc) / rounds / float64(len(a.body))
}

func writeUnprovedWork(path string, rows []byte) error {
	const head = `# Work before the proof

Written by ` + "`make unproved-work`" + `; do not edit.

Until a delivery is proved, its body was chosen by anybody. This table says what the worst body costs each family of
entries until it is refused, as a multiple of the SHA-256 of the same body in the same run: the least of five rounds of
each, with bodies of 1 MiB (or half of the maximum of an entry, if that is less). The bodies are many small names, escaped
names and values, deep nesting, parts with long headers, and the very names that carry the proof.

"Letters" is a body that is one letter repeated. "Worst" is the body that cost most, and the entry that it was sent to.
Allocated is the most of any body, in bytes for each byte of it; a test bounds it.

| family | entries | letters | worst | which | allocated |
|---|---:|---:|---:|---|---:|
`
	return os.WriteFile(path, slices.Concat([]byte(head), rows), 0o644)
}
