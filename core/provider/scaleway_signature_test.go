package provider_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // version 1 of the signature
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
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
)

// canonical is the text that Amazon's documentation has signed, and Scaleway's service with its version 1: of each
// field that there is its name and its value, each on a line, in this order.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
func canonical(message map[string]string) string {
	fields := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if message["Type"] != "Notification" {
		fields = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	text := ""
	for _, name := range fields {
		if value, there := message[name]; there {
			text += name + "\n" + value + "\n"
		}
	}
	return text
}

func digestOf(version, text string) (crypto.Hash, []byte) {
	if version == "1" {
		sum := sha1.Sum([]byte(text)) // as above
		return crypto.SHA1, sum[:]
	}
	sum := sha256.Sum256([]byte(text))
	return crypto.SHA256, sum[:]
}

// TestTheSignatureOfScalewayTEMIsDerivedTwice writes the signature down a second time, by the formula alone: signs what
// the guard verifies, and checks what webhooktest signs.
func TestTheSignatureOfScalewayTEMIsDerivedTwice(t *testing.T) {
	t.Parallel()
	const topic = "arn:scw:sns:fr-par:project-1f9f5d9c-0a8e-4c4d-8a31-111111111111:mails"
	now := time.Unix(1772366400, 0).UTC()
	p := provider.ScalewayTEM(provider.ScalewayConfig{Topics: []string{topic}})
	public, private := webhooktest.KeyPair(p)
	block, _ := pem.Decode([]byte(private))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	key := parsed.(*rsa.PrivateKey)
	g, err := core.New(core.Config{
		Endpoint: "scaleway", Provider: p, Secrets: secrets.Static(public), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }, DangerouslyAllowHTTP: true,
	})
	require.NoError(t, err)
	const inner = `{"id":"1","type":"email_delivered","created_at":"2026-03-01T12:00:00Z"}`
	check := func(version string, message map[string]string, text string) *core.Reply {
		hash, digest := digestOf(version, text)
		signature, err := rsa.SignPKCS1v15(nil, key, hash, digest)
		require.NoError(t, err)
		sent := map[string]string{"Signature": base64.StdEncoding.EncodeToString(signature),
			"SignatureVersion": version}
		for name, value := range message {
			sent[name] = value
		}
		body, err := json.Marshal(sent)
		require.NoError(t, err)
		_, reply := g.Receive(httptest.NewRecorder(),
			httptest.NewRequest("POST", "/hooks", strings.NewReader(string(body))), adapter.Inbound{})
		return reply
	}
	for _, change := range []map[string]string{
		{},
		{"Subject": "a subject"},
		{"Message": ""},
		{"Message": "lines\nTopicArn\nthat look like fields\r\n"},
		{"Message": "Zoë 😀 " + strings.Repeat("x", 1000)},
		{"Type": "SubscriptionConfirmation", "Token": "2336412f37",
			"SubscribeURL": "https://sns.example/?Action=ConfirmSubscription"},
		{"Type": "UnsubscribeConfirmation", "Token": "2336412f37",
			"SubscribeURL": "https://sns.example/?Action=ConfirmSubscription"},
	} {
		message := map[string]string{
			"Type": "Notification", "MessageId": "792cda85-518f-5dd3-9163-81d851212f3a", "TopicArn": topic,
			"Message":   inner,
			"Timestamp": "2026-03-01T12:00:00.000Z",
		}
		for name, value := range change {
			message[name] = value
		}
		for _, version := range []string{"1", "2"} {
			reply := check(version, message, canonical(message))
			if message["Type"] == "Notification" {
				require.Nil(t, reply, "version %s of %v", version, change)
			} else {
				require.Nil(t, reply.Rejection, "version %s of %v", version, change)
			}
			for why, text := range map[string]string{
				"no line feed at the end":  strings.TrimSuffix(canonical(message), "\n"),
				"one line feed more":       canonical(message) + "\n",
				"the type left out":        strings.TrimSuffix(canonical(message), "Type\n"+message["Type"]+"\n"),
				"the values without names": message["Message"] + message["MessageId"] + message["Timestamp"] + message["TopicArn"] + message["Type"],
			} {
				require.Equal(t, reason.BadSignature, check(version, message, text).Rejection.Reason, why)
			}
		}
	}

	r := webhooktest.NewRequest(p, private, "https://example.com/hooks", `{"Message":"hello","Subject":"a subject"}`,
		now)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	var message map[string]string
	require.NoError(t, json.Unmarshal(body, &message))
	signature, err := base64.StdEncoding.DecodeString(message["Signature"])
	require.NoError(t, err)
	hash, digest := digestOf(message["SignatureVersion"], canonical(message))
	require.NoError(t, rsa.VerifyPKCS1v15(&key.PublicKey, hash, digest, signature))
}
