package email_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

// payloads are events of about 1 KiB.
func payloads() map[string]string {
	filler := strings.Repeat("x", 480)
	return map[string]string{
		"sendgrid": `{"email":"jo@example.com","timestamp":1772366400,"smtp-id":"<sample-1@example.com>","event":"bounce",` +
			`"category":["receipt","shop"],"sg_event_id":"sample-event-0001","sg_message_id":"sample-message-0001","status":"5.1.1",` +
			`"reason":"550 5.1.1 The email account that you tried to reach does not exist.","type":"bounce","ip":"192.0.2.17","tls":1,` +
			`"order":"1001","useragent":"` + filler +
			`","asm_group_id":1,"url":"https://example.com/","url_offset":{"index":0,"type":"html"}}`,
		"postmark": `{"RecordType":"Bounce","ID":900001,"Type":"HardBounce","TypeCode":1,"Name":"Hard bounce","Tag":"receipt",` +
			`"MessageID":"00000000-0000-4000-8000-000000000002","ServerID":1001,"MessageStream":"outbound","Metadata":{"order":"1001"},` +
			`"Description":"The server was unable to deliver your message","Details":"550 no such user","Email":"al@example.com",` +
			`"From":"shop@example.com","BouncedAt":"2026-03-01T12:00:00Z","DumpAvailable":false,"Inactive":true,"CanActivate":true,` +
			`"Subject":"Your receipt","Content":"` + filler + `"}`,
		"mailgun": `{"signature":{"timestamp":"1534108637","token":"651869375b9df3c98fc15c4889b102119add1235c38fc92824","signature":"x"},` +
			`"event-data":{"event":"failed","severity":"permanent","reason":"bounce","recipient":"jo@example.com","timestamp":1534110422.389832,` +
			`"tags":["a","b"],"user-variables":{"order":"1001"},"message":{"headers":{"to":"jo@example.com","message-id":"1@example.org",` +
			`"from":"Test Sender","subject":"s"}},"delivery-status":{"code":550,"message":"5.1.1 ` + filler +
			`","description":""}}}`,
	}
}

// Normalising costs less than reading the payload into a map. BenchmarkEvent shows the time.
func TestAnEventAllocatesLessThanAMap(t *testing.T) {
	for sender, payload := range payloads() {
		body := []byte(payload)
		normalised := testing.AllocsPerRun(20, func() {
			if got, err := email.Events(core.Event{Provider: sender, Payload: body}); err != nil || len(got) != 1 {
				panic(sender)
			}
		})
		inMap := testing.AllocsPerRun(20, func() {
			var m map[string]any
			if json.Unmarshal(body, &m) != nil {
				panic(sender)
			}
		})
		require.Less(t, normalised, inMap/2, sender)
	}
}

// BenchmarkEvent shows what a normalised event costs, and what reading the payload into a map would.
func BenchmarkEvent(b *testing.B) {
	for sender, payload := range payloads() {
		body := []byte(payload)
		b.Run(sender+"/normalised", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if got, err := email.Events(core.Event{Provider: sender, Payload: body}); err != nil ||
					got[0].Type != email.Bounced {
					b.Fatal(got, err)
				}
			}
		})
		b.Run(sender+"/json.Unmarshal into a map", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				var m map[string]any
				if err := json.Unmarshal(body, &m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
