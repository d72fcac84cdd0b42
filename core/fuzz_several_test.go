package core_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// several is a sender that presents a signature for each of its active secrets.
func several(s entry.Signature, t entry.Timestamp) entry.Entry {
	s.Encoding, s.Headers = entry.Hex, []string{"X-Sig"}
	return entry.Entry{
		Name: "several", Title: "Several", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256, Signature: s, Timestamp: t,
			Signed: []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
	}
}

// signaturesIn replaces the marks of a fuzzed text: a fuzzer makes no signatures. "<" is one of now, ">" one of an hour
// ago, "+" and "-" are their times.
func signaturesIn(text, body string) string {
	at, before := strconv.FormatInt(testTime.Unix(), 10), strconv.FormatInt(testTime.Unix()-3600, 10)
	return strings.NewReplacer("+", at, "-", before, "<", mac(testSecret, at+"."+body),
		">", mac(testSecret, before+"."+body)).Replace(text)
}

// FuzzGroupsOfPairs: of groups of pairs, one that has both the fresh time and the signature over it has to be there,
// whatever stands around it.
func FuzzGroupsOfPairs(f *testing.F) {
	c, _ := config(several(entry.Signature{Layout: entry.Pairs, Separator: ',', Name: "v1", Groups: true},
		entry.Timestamp{Field: entry.Field{Key: "t"}}))
	c.Observers, c.Replay = nil, core.DangerouslyNoReplay // no delivery waits for another
	g := mustNew(f, c)
	for _, seed := range []string{
		"t=+,v1=<", "t=-,v1=> t=+,v1=<", "t=+,v1=00 t=-,v1=>", "t=+ t=-,v1=>", "t=+,v1=00 v1=<", "t=+,t=-,v1=<",
		"t=+,v1=00,t=-,v1=>", "v1=<,t=+", "t=+,v1=<,v1=>", "t=-,v1=> t=+", "  t=+,v1=<  ", "t=+\t,v1=<",
		"t=-,v1=< t=+,v1=>",
	} {
		f.Add(seed, "{}")
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		text := signaturesIn(header, body)
		r := post(body, "X-Sig", text)
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		if d == nil {
			if reply.Status >= 500 {
				t.Fatalf("a request's content made a %d", reply.Status)
			}
			return
		}
		if !freshGroupIn(strings.ToLower(text), body) {
			t.Fatalf("a forged delivery got through: %q", text)
		}
	})
}

// freshGroupIn reads groups in another way than the guard: it looks for one with both texts of a genuine delivery.
func freshGroupIn(text, body string) bool {
	at := strconv.FormatInt(testTime.Unix(), 10)
	for group := range strings.SplitSeq(text, " ") {
		timed, signed := false, false
		for pair := range strings.SplitSeq(group, ",") {
			key, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			value = strings.Trim(value, " \t")
			timed = timed || key == "t" && value == at
			signed = signed || key == "v1" && value == mac(testSecret, at+"."+body)
		}
		if timed && signed {
			return true
		}
	}
	return false
}

// FuzzSignaturesInSeveralHeaders: headers that repeat, and further headers of a signature, let in what one of them
// signs, and nothing else. Each line of the text is a header.
func FuzzSignaturesInSeveralHeaders(f *testing.F) {
	at := entry.Timestamp{Field: entry.Field{Headers: []string{"X-Time"}}}
	repeated, _ := config(several(entry.Signature{Prefix: "v1=", Repeats: true}, at))
	besides, _ := config(several(entry.Signature{Prefix: "v1=", Further: []string{"X-Sig-2"}}, at))
	repeated.Observers, besides.Observers = nil, nil
	repeated.Replay, besides.Replay = core.DangerouslyNoReplay, core.DangerouslyNoReplay
	repeats, beside := mustNew(f, repeated), mustNew(f, besides)
	for _, seed := range []string{
		"v1=<", "v1=00\nv1=<", "v1=<\nv1=00", "\nv1=<", "v1=>\nv1=<", "v1=<,v1=00", "<", "v1=v1=<",
		"v1=<\nv1=<\nv1=<", "v1=>", "v1=< ", "V1=<",
	} {
		f.Add(seed, "{}", false)
		f.Add(seed, "{}", true)
	}
	f.Fuzz(func(t *testing.T, lines, body string, stale bool) {
		fresh, when := mac(testSecret, strconv.FormatInt(testTime.Unix(), 10)+"."+body), "+"
		if stale {
			when = "-"
		}
		text := signaturesIn(lines, body)
		signed := false
		all := []string{"X-Time", signaturesIn(when, body)}
		second := append([]string(nil), all...)
		for i, line := range strings.Split(text, "\n") {
			signed = signed || strings.ToLower(strings.Trim(line, " \t")) == "v1="+fresh
			all = append(all, "X-Sig", line)
			if i < 2 {
				second = append(second, []string{"X-Sig", "X-Sig-2"}[i], line)
			}
		}
		for name, r := range map[string][]string{"repeats": all, "beside": second} {
			g := repeats
			if name == "beside" {
				g = beside
			}
			d, reply := g.Receive(httptest.NewRecorder(), post(body, r...), adapter.Inbound{})
			if d == nil && reply.Status >= 500 {
				t.Fatalf("%s: a request's content made a %d", name, reply.Status)
			}
			if d != nil && (stale || !signed) {
				t.Fatalf("%s: a forged delivery got through: %q", name, text)
			}
		}
	})
}
