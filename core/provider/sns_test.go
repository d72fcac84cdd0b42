package provider_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const (
	snsTopic = "arn:aws:sns:eu-west-1:123456789012:orders"
	snsCert  = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)

func sns(topics ...string) core.Provider { return provider.AWSSNS(provider.SNSConfig{Topics: topics}) }

// rsaKey is the nth key of the tests and its public half, as Secrets hold it.
func rsaKey(t testing.TB, n int) (key *rsa.PrivateKey, public string) {
	t.Helper()
	key = privateKey(entry.RSAPKCS1SHA256, n).(*rsa.PrivateKey)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// snsSign signs a message by the documented formula, written down here on its own.
func snsSign(t testing.TB, key *rsa.PrivateKey, message map[string]string) string {
	t.Helper()
	var text strings.Builder
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn",
		"Type"} {
		if value, ok := message[name]; ok {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	return snsSignText(t, key, message, text.String())
}

func snsSignText(t testing.TB, key *rsa.PrivateKey, message map[string]string, text string) string {
	t.Helper()
	id, sum := crypto.SHA256, sha256.Sum256([]byte(text))
	digest := sum[:]
	if message["SignatureVersion"] == "1" {
		weak := sha1.Sum([]byte(text))
		id, digest = crypto.SHA1, weak[:]
	}
	signature, err := rsa.SignPKCS1v15(nil, key, id, digest)
	require.NoError(t, err)
	signed := map[string]string{"Signature": base64.StdEncoding.EncodeToString(signature)}
	for name, value := range message {
		signed[name] = value
	}
	body, err := json.Marshal(signed)
	require.NoError(t, err)
	return string(body)
}

func snsMessage(changes ...string) map[string]string {
	m := map[string]string{
		"Type": "Notification", "MessageId": "792cda85-518f-5dd3-9163-81d851212f3a", "TopicArn": snsTopic,
		"Message":   "hello",
		"Timestamp": time.Unix(ownTime, 0).UTC().Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2",
		"SigningCertURL": snsCert,
	}
	for i := 0; i < len(changes); i += 2 {
		m[changes[i]] = changes[i+1]
	}
	return m
}

func snsPost(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	return r
}

// TestRecordedSNSMessagesGetTheirVerdict checks messages that Amazon signed, by their certificate, offline.
func TestRecordedSNSMessagesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	vectors := vectorsIn(t, "testdata/sns/aws-sns.json")
	require.Len(t, vectors, 4)
	for _, v := range vectors {
		var doc map[string]string
		require.NoError(t, json.Unmarshal(v.Body, &doc))
		at, err := time.Parse(time.RFC3339, doc["Timestamp"])
		require.NoError(t, err)
		check := func(body []byte, topics ...string) reason.Reason {
			return reasonOf(guardOf(t, sns(topics...), v.CertPEM, at), snsPost(string(body)))
		}
		require.Equal(t, v.Expect == "valid", check(v.Body, doc["TopicArn"]) == "", v.ID)
		require.Equal(t, reason.WrongRecipient, check(v.Body, snsTopic), v.ID)
		for name := range doc {
			changed := map[string]string{}
			for k, value := range doc {
				changed[k] = value
			}
			changed[name] += "x"
			body, err := json.Marshal(changed)
			require.NoError(t, err)
			unsigned := strings.EqualFold(name, "UnsubscribeURL") || strings.EqualFold(name, "SigningCertURL")
			require.Equal(t, unsigned, check(body, doc["TopicArn"]) == "", "%s with another %s", v.ID, name)
		}
		for i := range v.Body {
			changed := append([]byte(nil), v.Body...)
			changed[i] ^= 1
			if check(changed, doc["TopicArn"]) == "" {
				// Only what nothing signs may differ: the two URLs, names of members that are not looked at, white
				// space.
				var other map[string]string
				require.NoError(t, json.Unmarshal(changed, &other))
				for _, name := range []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"} {
					require.Equal(t, doc[name], other[name], "%s: bit 0 of byte %d", v.ID, i)
				}
			}
		}
	}
}

// TestAmazonsValidatorAgrees checks messages that Amazon's library for JavaScript was asked about, of the kinds that
// none recorded is of: a subscription's signature covers its address and its token too.
func TestAmazonsValidatorAgrees(t *testing.T) {
	t.Parallel()
	vectors := vectorsIn(t, "testdata/sns/sns-validator.json")
	require.Len(t, vectors, 6)
	for _, v := range vectors {
		check := func(body []byte) reason.Reason {
			return reasonOf(guardOf(t, sns(snsTopic), v.CertPEM, time.Unix(ownTime, 0)), snsPost(string(body)))
		}
		want := reason.Reason("")
		if v.Expect != "valid" {
			want = reason.BadSignature
		}
		require.Equal(t, want, check(v.Body), v.ID)
		var doc map[string]string
		require.NoError(t, json.Unmarshal(v.Body, &doc))
		for name := range doc {
			if name == "SigningCertURL" {
				continue // which says where the key is, and is not signed
			}
			changed := map[string]string{}
			for k, value := range doc {
				changed[k] = value
			}
			changed[name] += "x"
			body, err := json.Marshal(changed)
			require.NoError(t, err)
			require.NotEmpty(t, check(body), "%s with another %s", v.ID, name)
		}
	}
}

func TestSNSMessages(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	other, _ := rsaKey(t, 2)
	stamp := func(d time.Duration) string { return time.Unix(ownTime, 0).Add(d).UTC().Format(time.RFC3339) }
	split := "hello\nMessageId\n00000000-0000-0000-0000-000000000000\nTimestamp\n" + stamp(0) + "\nTopicArn\n" +
		snsTopic + "\nType\nNotification\n"
	genuine := snsMessage("Message", split)
	rows := []struct {
		name, body string
		want       reason.Reason
	}{
		{"version 2", snsSign(t, key, snsMessage()), ""},
		{"version 1", snsSign(t, key, snsMessage("SignatureVersion", "1")), ""},
		{"with a subject", snsSign(t, key, snsMessage("Subject", "s")), ""},
		{"a message with line feeds that look like fields", snsSign(t, key, genuine), ""},
		{"the same bytes, read as other fields",
			snsSignText(t, key, snsMessage("MessageId", "00000000-0000-0000-0000-000000000000"), snsText(genuine)),
			reason.BadSignature},
		{"an id with a line feed", snsSign(t, key, snsMessage("MessageId", "a\nb")), reason.MalformedSignature},
		{"a subject with a line feed", snsSign(t, key, snsMessage("Subject", "a\nTimestamp")),
			reason.MalformedSignature},
		{"a type with a line feed", snsSign(t, key, snsMessage("Type", "Notification\nx")), reason.MalformedSignature},
		{"another version", snsSign(t, key, snsMessage("SignatureVersion", "3")), reason.MissingSignature},
		{"SHA-256 said to be SHA-1",
			strings.Replace(snsSign(t, key, snsMessage()), `"SignatureVersion":"2"`, `"SignatureVersion":"1"`, 1),
			reason.BadSignature},
		{"another key", snsSign(t, other, snsMessage()), reason.BadSignature},
		{"somebody else's topic", snsSign(t, key, snsMessage("TopicArn", "arn:aws:sns:eu-west-1:999999999999:orders")),
			reason.WrongRecipient},
		{"a topic whose name begins alike", snsSign(t, key, snsMessage("TopicArn", snsTopic+"-2")),
			reason.WrongRecipient},
		{"an hour old, as its last retry is", snsSign(t, key, snsMessage("Timestamp", stamp(-65*time.Minute))), ""},
		{"older", snsSign(t, key, snsMessage("Timestamp", stamp(-66*time.Minute))), reason.Stale},
		{"of the future", snsSign(t, key, snsMessage("Timestamp", stamp(6*time.Minute))), reason.Early},
		{"no topic", snsSign(t, key, without(snsMessage(), "TopicArn")), reason.MissingSignature},
		{"no id", snsSign(t, key, without(snsMessage(), "MessageId")), reason.MissingSignature},
		{"no timestamp", snsSign(t, key, without(snsMessage(), "Timestamp")), reason.MissingTimestamp},
		{"no signature", `{"Type":"Notification","TopicArn":"` + snsTopic + `"}`, reason.MissingSignature},
		{"raw delivery", `{"order":1}`, reason.MissingSignature},
		{"the topic twice", strings.Replace(snsSign(t, key, snsMessage()), "{", `{"TopicArn":"`+snsTopic+`",`, 1),
			reason.MalformedSignature},
		{"the topic twice, in another case",
			strings.Replace(snsSign(t, key, snsMessage()), "{", `{"topicarn":"`+snsTopic+`",`, 1),
			reason.MalformedSignature},
		{"no JSON", "hello", reason.MalformedSignature},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, sns(snsTopic), public, time.Unix(ownTime, 0))
			require.Equal(t, row.want, reasonOf(g, snsPost(row.body)))
		})
	}
	strict := guardOf(t, provider.AWSSNS(provider.SNSConfig{Topics: []string{snsTopic}, SHA256Only: true}), public,
		time.Unix(ownTime, 0))
	require.Empty(t, reasonOf(strict, snsPost(snsSign(t, key, snsMessage()))))
	require.NotEmpty(t, reasonOf(strict, snsPost(snsSign(t, key, snsMessage("SignatureVersion", "1")))))
}

func snsText(m map[string]string) string {
	return "Message\n" + m["Message"] + "\nMessageId\n" + m["MessageId"] + "\nTimestamp\n" + m["Timestamp"] +
		"\nTopicArn\n" + m["TopicArn"] + "\nType\n" + m["Type"] + "\n"
}

func without(m map[string]string, name string) map[string]string {
	delete(m, name)
	return m
}

func TestSNSNeedsItsTopics(t *testing.T) {
	t.Parallel()
	for _, topics := range [][]string{
		nil, {""}, {"orders"}, {"arn:aws:sqs:eu-west-1:123456789012:orders"},
		{"arn:aws:sns:eu-west-1:123456789012:orders:extra"},
		{"arn:aws:sns:*:123456789012:orders"}, {snsTopic, "arn:aws:sns:eu-west-1:1234:orders"},
		{"arn:aws:sns:eu-west-1:123456789012:*"},
	} {
		for _, p := range []core.Provider{sns(topics...), provider.AmazonSES(provider.SNSConfig{Topics: topics})} {
			_, err := core.New(core.Config{
				Endpoint: "sns", Provider: p, Secrets: secrets.Static("x"), Replay: core.DangerouslyNoReplay,
				Logger: slog.New(slog.DiscardHandler),
			})
			if strings.Contains(strings.Join(topics, ""), "sns:*") {
				continue // a region is checked where it becomes a host: keys.SNS
			}
			require.ErrorContains(t, err, "Topics", "%v", topics)
		}
	}
}

func TestSNSSubscriptions(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	type asked struct{ topic, token string }
	var confirmed []asked
	failing := errors.New("no answer")
	rows := []struct {
		name    string
		confirm func(context.Context, string, string) error
		kind    string
		topic   string
		status  int
		want    []asked
		note    string
	}{
		{"nobody confirms", nil, "SubscriptionConfirmation", snsTopic, 200, nil, "Confirm is not set"},
		{"a listed topic", func(_ context.Context, topic, token string) error {
			confirmed = append(confirmed, asked{topic, token})
			return nil
		}, "SubscriptionConfirmation", snsTopic, 200, []asked{{snsTopic, "abc123"}}, "was confirmed"},
		{"a topic that is not listed", func(context.Context, string, string) error { panic("asked") },
			"SubscriptionConfirmation", snsTopic + "2", 503, nil, ""},
		{"an end is never followed", func(context.Context, string, string) error { panic("asked") },
			"UnsubscribeConfirmation", snsTopic, 200, nil, "has ended"},
		{"a confirmation that fails", func(context.Context, string, string) error { return failing },
			"SubscriptionConfirmation", snsTopic, 503, nil, "no answer"},
	}
	for _, row := range rows {
		var rec core.Record
		confirmed = nil
		g, err := core.New(core.Config{
			Endpoint: "sns", Provider: provider.AWSSNS(provider.SNSConfig{Topics: []string{snsTopic},
				Confirm: row.confirm}),
			Secrets: secrets.Static(public), Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler),
			Observers:            []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { rec = r })},
			Now:                  func() time.Time { return time.Unix(ownTime, 0) },
			DangerouslyAllowHTTP: true,
		})
		require.NoError(t, err)
		body := snsSign(t, key, snsMessage("Type", row.kind, "TopicArn", row.topic, "Token", "abc123",
			"SubscribeURL", "http://169.254.169.254/latest/meta-data/?Action=ConfirmSubscription"))
		d, reply := g.Receive(httptest.NewRecorder(), snsPost(body), adapter.Inbound{})
		require.Nil(t, d, "%s: a confirmation is no event", row.name)
		require.Equal(t, row.status, reply.Status, row.name)
		require.Equal(t, row.want, confirmed, row.name)
		require.NoError(t, g.Flush(t.Context()))
		require.Contains(t, rec.Detail, row.note, row.name)

		// The header says nothing: an unsigned request that calls itself a confirmation is refused.
		r := snsPost(strings.Replace(body, `"Signature":"`, `"Signature":"AA`, 1))
		r.Header.Set("x-amz-sns-message-type", "SubscriptionConfirmation")
		require.NotEmpty(t, reasonOf(g, r), row.name)
	}
}

func TestSESEventsComeOutOfTheirEnvelope(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	rows := []struct{ name, message, wantType string }{
		{"an event", `{"eventType":"Bounce","mail":{"messageId":"m"}}`, "Bounce"},
		{"a notification", `{"notificationType":"Complaint"}`, "Complaint"},
		{"what SES tests a topic with", "Successfully validated SNS topic for Amazon SES event publishing.", ""},
		{"an empty message", "", ""},
		{"odd JSON", `[[[`, ""},
	}
	for _, row := range rows {
		g := guardOf(t, provider.AmazonSES(provider.SNSConfig{Topics: []string{snsTopic}}), public,
			time.Unix(ownTime, 0))
		d, reply := g.Receive(httptest.NewRecorder(), snsPost(snsSign(t, key, snsMessage("Message", row.message))),
			adapter.Inbound{})
		require.Nil(t, reply, row.name)
		e := d.Events()[0]
		require.Equal(t, row.wantType, e.Type, row.name)
		require.Equal(t, row.message, string(e.Payload), row.name)
		require.Equal(t, "792cda85-518f-5dd3-9163-81d851212f3a", e.ID, row.name)
		require.True(t, e.Time.Equal(time.Unix(ownTime, 0)), row.name)
		require.True(t, e.Authenticated.ID, row.name)
		require.Equal(t, row.wantType != "", e.Authenticated.Type, row.name)
		require.True(t, bytes.Contains(d.Body(), []byte("TopicArn")), row.name)
	}
	g := guardOf(t, sns(snsTopic), public, time.Unix(ownTime, 0))
	d, reply := g.Receive(httptest.NewRecorder(), snsPost(snsSign(t, key, snsMessage())), adapter.Inbound{})
	require.Nil(t, reply)
	require.Equal(t, []string{"Notification", "hello"}, []string{d.Events()[0].Type, string(d.Events()[0].Payload)})
}

func TestSNSIsAnsweredSoThatNothingIsLost(t *testing.T) {
	t.Parallel()
	key, public := rsaKey(t, 1)
	config := core.Config{
		Endpoint: "sns", Provider: sns(snsTopic), Secrets: secrets.Static(public), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(ownTime, 0) },
		DangerouslyAllowHTTP: true,
	}
	status := func(c core.Config, r *http.Request) (int, http.Header) {
		g, err := core.New(c)
		require.NoError(t, err)
		_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		if reply == nil {
			return 200, nil
		}
		return reply.Status, reply.Header()
	}
	forged := strings.Replace(snsSign(t, key, snsMessage()), "hello", "hullo", 1)
	code, _ := status(config, snsPost(forged))
	require.Equal(t, 503, code, "any status below 500 says that a message has arrived")
	config.Credentials = []core.Credential{core.BasicAuth(secrets.Static("user:a-long-enough-password"))}
	code, header := status(config, snsPost(snsSign(t, key, snsMessage())))
	require.Equal(t, 401, code, "SNS sends its credential only after a challenge")
	require.NotEmpty(t, header.Get("WWW-Authenticate"))
	r := snsPost(snsSign(t, key, snsMessage()))
	r.SetBasicAuth("user", "a-long-enough-password")
	code, _ = status(config, r)
	require.Equal(t, 200, code)
}

func TestASignerMakesSNSMessages(t *testing.T) {
	t.Parallel()
	for _, p := range []core.Provider{sns(snsTopic),
		provider.AmazonSES(provider.SNSConfig{Topics: []string{snsTopic}})} {
		public, private := webhooktest.KeyPair(p)
		r := webhooktest.NewRequest(p, private, "https://example.com/hooks", `{"Message":"{\"eventType\":\"Send\"}"}`,
			time.Unix(ownTime, 0))
		require.Empty(t, reasonOf(guardOf(t, p, public, time.Unix(ownTime, 0)), r), p.Name())
	}
}

// SNS gives up after three retries, 20 seconds apart, unless a policy says otherwise. A lease expires before the last.
func TestTheLeaseLeavesTimeForTheRetriesOfSNS(t *testing.T) {
	t.Parallel()
	ses := provider.AmazonSES(provider.SNSConfig{Topics: []string{snsTopic}})
	for _, p := range []core.Provider{sns(snsTopic), ses} {
		e, err := entry.Of(p)
		require.NoError(t, err)
		require.Equal(t, time.Minute, e.LastQuickRetry, p.Name())
		require.Less(t, e.LastQuickRetry, e.RetryHorizon, p.Name())
	}
}
