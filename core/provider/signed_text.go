package provider

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Hygraph is the webhooks of a Hygraph project that have a secret key. What is signed is a JSON object that holds the
// body as a text, the environment and the time. Hygraph's library checks no age.
//
// https://hygraph.com/docs/api-reference/basics/webhooks
// https://www.npmjs.com/package/@hygraph/utils
func Hygraph() core.Provider {
	return of(entry.Entry{
		Name: "hygraph", Title: "Hygraph", Confidence: "A",
		Docs:       "https://www.npmjs.com/package/@hygraph/utils",
		SecretFrom: "Project settings > Webhooks > the webhook > Secret key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Gcms-Signature"), Layout: entry.Pairs, Separator: ',',
				Name: "sign", Encoding: entry.Base64},
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "t"}, Unit: entry.Milliseconds},
			Signed: []entry.Part{
				entry.Literal(`{"Body":`), {Kind: entry.PartBodyText}, entry.Literal(`,"EnvironmentName":"`),
				{Kind: entry.PartPair, Text: "env", Grammar: entry.Token}, entry.Literal(`","TimeStamp":`),
				entry.TimestampText(), entry.Literal("}"),
			},
		},
		Event: entry.Event{Type: pointer("/operation"), Action: pointer("/data/__typename"), Data: "/data"},
	})
}
