package core_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// structured is a guard of a sender whose signature of the body stands in a structure of its own.
func structured(f *testing.F, s entry.Signature) *core.Guard {
	f.Helper()
	s.Encoding, s.Headers = entry.Hex, []string{"X-Sig"}
	c, _ := config(entry.Entry{
		Name: "structured", Title: "Structured", Confidence: "A",
		Scheme: &entry.Scheme{Algorithm: entry.HMACSHA256, Signature: s, Signed: []entry.Part{entry.Body()}},
	})
	c.Observers, c.Replay = nil, core.DangerouslyNoReplay // no delivery waits for another
	return mustNew(f, c)
}

// getsThrough reports whether a delivery with this header is accepted.
func getsThrough(t *testing.T, g *core.Guard, header, body string) bool {
	t.Helper()
	d, reply := g.Receive(httptest.NewRecorder(), post(body, "X-Sig", header), adapter.Inbound{})
	if d == nil && reply.Status >= 500 {
		t.Fatalf("a request's content made a %d", reply.Status)
	}
	return d != nil
}

// FuzzPackedSignature: an object in base64 lets in what its one signature signs, whatever else it says. "<" is the
// signature: a fuzzer makes none.
func FuzzPackedSignature(f *testing.F) {
	g := structured(f, entry.Signature{Layout: entry.Packed, Name: "signature"})
	for _, seed := range []string{
		`{"alg":"ecdsa","kid":"1","signature":"<","digest":"SHA1"}`, `{"signature":"<"}`, `{"signature":"<"}{}`,
		`{"signature":"x","signature":"<"}`, `{"\u0073ignature":"<"}`, `{"signature":"<","\u0073ignature":"x"}`,
		`{"signature":["<"]}`, `[{"signature":"<"}]`, `{"a":{"signature":"<"}}`, `{"Signature":"<"}`, `{"signature":"<`,
		`{"signature":" <"}`, ` {"signature" : "<"} `, `{"signature":"\u003c"}`, `{"signature":null}`,
		"\ufeff{\"signature\":\"<\"}", `{"signature":"<","\0":""}`,
	} {
		f.Add(seed, "{}", false)
		f.Add(seed, "{}", true)
	}
	f.Fuzz(func(t *testing.T, object, body string, plain bool) {
		object = strings.ReplaceAll(object, "<", mac(testSecret, body))
		header := object
		if !plain {
			header = base64.StdEncoding.EncodeToString([]byte(object))
		}
		if getsThrough(t, g, header, body) && !packs(header, mac(testSecret, body)) {
			t.Fatalf("a forged delivery got through: %q", header)
		}
	})
}

// packs reads a packed signature in another way than the guard: token by token.
func packs(header, signature string) bool {
	object, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		return false
	}
	d := json.NewDecoder(strings.NewReader(string(object)))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return false
	}
	found := 0
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return false
		}
		var value any
		if d.Decode(&value) != nil {
			return false
		}
		if name == "signature" {
			text, _ := value.(string)
			if found++; !strings.EqualFold(text, signature) {
				return false
			}
		}
	}
	if last, err := d.Token(); err != nil || last != json.Delim('}') {
		return false
	}
	_, err = d.Token()
	return found == 1 && err == io.EOF
}

// FuzzSignatureParameters: quoted parameters let in what the one signature among them signs, next to the sender's one
// list of what is signed.
func FuzzSignatureParameters(f *testing.F) {
	const list = "host date digest"
	g := structured(f, entry.Signature{
		Layout: entry.Parameters, Name: "signature", Fixed: [][2]string{{"headers", list}},
	})
	for _, seed := range []string{
		`keyid="a", algorithm="ed25519", signature="<", headers="host date digest"`, `signature="<",headers="host date digest"`,
		`headers="date",signature="<",headers="host date digest"`, `Headers="date",signature="<",headers="host date digest"`,
		`signature="<"`, `signature="<",headers="date"`, `signature=<,headers="host date digest"`,
		`signature="<",signature="x",headers="host date digest"`, `a="\",signature=",signature="<",headers="host date digest"`,
		`signature="<", headers="host date digest",`, "signature=\"<\",\theaders=\"host date digest\"",
		`a="b"c",signature="<",headers="host date digest"`, `signature ="<",headers="host date digest"`,
		`"="",signature="<",headers="host date digest"`,
	} {
		f.Add(seed, "{}")
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		header = strings.ReplaceAll(header, "<", mac(testSecret, body))
		if getsThrough(t, g, header, body) && !parametersOf(header, mac(testSecret, body), list) {
			t.Fatalf("a forged delivery got through: %q", header)
		}
	})
}

//lint:immutable never written
var quotedParameters = regexp.MustCompile(
	`^[ \t]*[^=",]*="[^"\\,]*"[ \t]*(,[ \t]*[^=",]*="[^"\\,]*"[ \t]*)*$`)

// parametersOf reads parameters in another way than the guard: by one expression, and by counting names.
func parametersOf(header, signature, list string) bool {
	if !quotedParameters.MatchString(header) {
		return false
	}
	signatures, lists := 0, 0
	for _, item := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.Trim(item, " \t"), "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "signature":
			if signatures++; !strings.EqualFold(value, signature) {
				return false
			}
		case "headers":
			if lists++; value != list {
				return false
			}
		}
	}
	return signatures == 1 && lists == 1
}
