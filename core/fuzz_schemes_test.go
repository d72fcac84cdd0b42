package core_test

import (
	"bytes"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// FuzzPublicKey: no text of a key panics; what is accepted checks without a panic; no error shows the text.
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
			if w := run(g, post("{}", "X-Sig", hex.EncodeToString(make([]byte, size))), ok); w.Code == 200 ||
				w.Code >= 500 {
				t.Fatalf("a signature of zeros: %d", w.Code)
			}
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
			Signed: []entry.Part{entry.JSONText("/a"), entry.Literal(":"),
				{Kind: entry.PartJSON, Text: "/b", Optional: true, Grammar: entry.NoColon}},
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
		if w.Code == 200 && !bytes.Contains(bytes.ToLower(body), []byte(mac(testSecret, "1:"))) &&
			!bytes.ContainsAny(body, `\%`) {
			t.Fatalf("a forged delivery got through: %q", body)
		}
	})
}
