package interop_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// body is one that is signed.
type body struct{ name, contentType, text string }

// ordinary is the name of the body that is changed.
const ordinary = "a JSON object"

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// bodies are made each time, and are the same each time.
func bodies() []body {
	all := append(objects(),
		body{"empty", jsonType, ""},
		body{"a line feed", jsonType, "\n"},
		body{"a JSON string", jsonType, `"text"`},
		body{"a JSON list", jsonType, `[{"id":"evt_1"},{"id":"evt_2"}]`},
		body{"broken JSON", jsonType, `{"id":`},
		body{"a byte order mark", jsonType, "\ufeff{}"},
		body{"verbs of a format", "text/plain", "%s %d %!(EXTRA) 100%"},
		body{"every byte", "application/octet-stream", everyByte()},
		body{"zeros", "application/octet-stream", strings.Repeat("\x00", 70)},
		body{"invalid UTF-8", jsonType, "{\"a\":\"\xff\xc3\x28\xed\xa0\x80\"}"},
		body{"1 MiB of anything", "application/octet-stream", anything(1<<20, 1)},
	)
	for i := range 16 {
		size := []int{1, 31, 32, 33, 55, 56, 63, 64, 65, 119, 127, 128, 129, 1000, 4096, 65537}[i]
		all = append(all, body{fmt.Sprintf("anything, of %d bytes", size), "application/octet-stream",
			anything(size, uint64(i))})
	}
	return all
}

// objects are the bodies that are JSON objects.
func objects() []body {
	return []body{
		{ordinary, jsonType, `{"id":"evt_1","type":"thing.done","data":{"n":12345678901234567890,"amount":1.50}}`},
		{"an empty object", jsonType, `{}`},
		{"line ends of all kinds", jsonType, "{\r\n\t\"a\": 1,\n \"b\":\r \"x\"\r\n}\r\n"},
		{"Unicode", jsonType, `{"name":"Zoë 😀 日本 \u00e9 é ` + "\u2028 \u200b" + `"}`},
		{"a member twice", jsonType, `{"a":1,"a":2}`},
		{"1 MiB of JSON", jsonType, `{"text":"` + strings.Repeat("Zoë 😀 ", (1<<20-11)/10) + `"}`},
	}
}

func everyByte() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return string(all)
}

func anything(size int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	all := make([]byte, size)
	for i := range all {
		all[i] = byte(random.Uint32())
	}
	return string(all)
}

// secrets are three of those that are taken as they are.
func sampleSecrets() []key {
	return same("a-secret-of-this-test-and-no-more", "the-second-secret-while-they-turn",
		"what-somebody-else-is-signing-with")
}

// whsecs are three secrets in the form of Svix and of Standard Webhooks.
func whsecs() []key {
	return same("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
		"whsec_AAKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
}

// same are keys that both sides know in one form.
func same(texts ...string) []key {
	var all []key
	for _, text := range texts {
		all = append(all, key{text, text})
	}
	return all
}

// keyPairs are three of a provider that signs with a private key.
func keyPairs(p core.Provider) []key {
	var all []key
	for range 3 {
		public, private := webhooktest.KeyPair(p)
		all = append(all, key{public, private})
	}
	return all
}

// age is how long before now a delivery was signed.
type age struct {
	name string
	old  time.Duration
}

func ages() []age {
	return []age{
		{"signed 4 minutes ago", 4 * time.Minute}, {"signed 6 minutes ago", 6 * time.Minute},
		{"signed an hour ago", time.Hour},
		{"signed 25 hours ago", 25 * time.Hour}, {"signed a year ago", 365 * 24 * time.Hour},
		{"signed 4 minutes ahead", -4 * time.Minute}, {"signed 6 minutes ahead", -6 * time.Minute},
		{"signed a year ahead", -365 * 24 * time.Hour},
	}
}

func TestTheBodiesAreOfEveryKind(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, b := range bodies() {
		if names[b.name] {
			t.Errorf("%s: twice", b.name)
		}
		names[b.name] = true
		if len(b.text) > 1<<20 {
			t.Errorf("%s: %d bytes, more than a guard takes", b.name, len(b.text))
		}
	}
	for _, b := range objects() {
		if !json.Valid([]byte(b.text)) {
			t.Errorf("%s: no JSON", b.name)
		}
	}
}
