package provider_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" // the senders' own
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
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
	"github.com/sallyport-go/sallyport/internal/sign"
)

const (
	callbackToken = "aTokenOfThisTestAndNothingElse"
	callbackKey   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	otherKey      = "bbcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	callbackTime  = 1_790_000_000
)

func wecom(keys ...string) core.Provider {
	return provider.WeCom(provider.WeComConfig{ReceiveIDs: []string{"ww1"}, EncodingAESKeys: secrets.Static(keys...)})
}

func dingtalk(keys ...string) core.Provider {
	return provider.DingTalk(provider.DingTalkConfig{
		OwnerKeys: []string{"ding1"}, EncodingAESKeys: secrets.Static(keys...),
	})
}

func sealedGuard(t testing.TB, p core.Provider, change ...func(*core.Config)) *core.Guard {
	t.Helper()
	c := core.Config{
		Endpoint: "sealed", Provider: p, Secrets: secrets.Static(callbackToken), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(callbackTime, 0) },
	}
	for _, f := range change {
		f(&c)
	}
	g, err := core.New(c)
	require.NoError(t, err)
	return g
}

// framed is a ciphertext as WeCom and DingTalk make it; length is that of the message unless it is set.
func framed(key, message, receiver string, length ...uint32) string {
	raw, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		panic(err)
	}
	n := uint32(len(message))
	if len(length) > 0 {
		n = length[0]
	}
	data := binary.BigEndian.AppendUint32([]byte("0123456789abcdef"), n)
	data = append(append(data, message...), receiver...)
	pad := 32 - len(data)%32
	data = append(data, bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, err := aes.NewCipher(raw)
	if err != nil {
		panic(err)
	}
	cipher.NewCBCEncrypter(block, raw[:16]).CryptBlocks(data, data)
	return base64.StdEncoding.EncodeToString(data)
}

// callbackQuery signs a ciphertext.
func callbackQuery(text, unit string) url.Values {
	stamp, nonce := fmt.Sprint(callbackTime)+unit, "nonce1"
	parts := []string{callbackToken, stamp, nonce, text}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return url.Values{"msg_signature": {hex.EncodeToString(sum[:])}, "timestamp": {stamp}, "nonce": {nonce}}
}

func wecomPost(text string) *http.Request {
	return httptest.NewRequest(http.MethodPost, "https://example.com/hooks?"+callbackQuery(text, "").Encode(),
		strings.NewReader("<xml><ToUserName>a</ToUserName><Encrypt><![CDATA["+text+"]]></Encrypt></xml>"))
}

func wecomEcho(text string) *http.Request {
	query := callbackQuery(text, "")
	query.Set("echostr", text)
	return httptest.NewRequest(http.MethodGet, "https://example.com/hooks?"+query.Encode(), nil)
}

func dingtalkPost(text string) *http.Request {
	return httptest.NewRequest(http.MethodPost, "https://example.com/hooks?"+callbackQuery(text, "000").Encode(),
		strings.NewReader(`{"encrypt":"`+text+`"}`))
}

// answer is what the outside sees, and the reason inside.
type answer struct {
	status int
	header string
	body   string
	reason reason.Reason
}

func answerOf(g *core.Guard, r *http.Request) answer {
	_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	if reply == nil {
		return answer{}
	}
	a := answer{status: reply.Status, header: fmt.Sprint(reply.Header()), body: string(reply.Body)}
	if reply.Rejection != nil {
		a.reason = reply.Rejection.Reason
	}
	return a
}

const wecomMessage = "<xml><MsgType><![CDATA[text]]></MsgType><MsgId>1</MsgId></xml>"

// TestWhatCannotBeDecryptedHasOneAnswer: whatever is wrong behind a right signature, the answer, its headers and its
// reason are the same, so that nobody learns anything of the plaintext.
func TestWhatCannotBeDecryptedHasOneAnswer(t *testing.T) {
	t.Parallel()
	g := sealedGuard(t, wecom(callbackKey))
	require.Zero(t, answerOf(g, wecomPost(framed(callbackKey, wecomMessage, "ww1"))))
	good, err := base64.StdEncoding.DecodeString(framed(callbackKey, wecomMessage, "ww1"))
	require.NoError(t, err)
	bad := map[string]string{
		"a foreign key":           framed(otherKey, wecomMessage, "ww1"),
		"another receiver":        framed(callbackKey, wecomMessage, "ww2"),
		"no receiver":             framed(callbackKey, wecomMessage, ""),
		"a huge length":           framed(callbackKey, wecomMessage, "ww1", 0xffffffff),
		"a length that is a bit":  framed(callbackKey, wecomMessage, "ww1", 0x80000000),
		"a length of zero":        framed(callbackKey, wecomMessage, "ww1", 0),
		"a challenge":             framed(callbackKey, "1616140317555161061", "ww1"),
		"what is no document":     framed(callbackKey, "success", "ww1"),
		"a truncated ciphertext":  base64.StdEncoding.EncodeToString(good[:len(good)-32]),
		"a ciphertext of its end": base64.StdEncoding.EncodeToString(good[32:]),
	}
	for at := range good { // the padding, the receiver, the length, the message, the beginning
		changed := bytes.Clone(good)
		changed[at] ^= 1
		bad[fmt.Sprintf("byte %d", at)] = base64.StdEncoding.EncodeToString(changed)
	}
	want := answerOf(g, wecomPost(bad["a foreign key"]))
	require.Equal(t, http.StatusBadRequest, want.status)
	require.Equal(t, reason.WrongRecipient, want.reason)
	accepted := 0
	for name, text := range bad {
		got := answerOf(g, wecomPost(text))
		if got == (answer{}) { // a byte of the message's own: the sender has signed it so
			accepted++
			continue
		}
		require.Equal(t, want, got, name)
	}
	require.Less(t, accepted, len(good), "most are refused")
	forged := wecomPost(framed(callbackKey, wecomMessage, "ww1"))
	forged.URL.RawQuery = strings.Replace(forged.URL.RawQuery, "nonce1", "nonce2", 1)
	forgery := answerOf(g, forged)
	require.Equal(t, reason.BadSignature, forgery.reason)
	forgery.reason = want.reason
	require.Equal(t, want, forgery, "and a wrong signature looks the same from outside")
}

// TestAnEchoDecryptsNoDelivery: the signature covers the ciphertext and not what it is for. Whoever captured a delivery
// could send its ciphertext as a challenge.
func TestAnEchoDecryptsNoDelivery(t *testing.T) {
	t.Parallel()
	g := sealedGuard(t, wecom(callbackKey))
	echo := answerOf(g, wecomEcho(framed(callbackKey, "1616140317555161061", "ww1")))
	require.Equal(t, http.StatusOK, echo.status)
	require.Equal(t, "1616140317555161061", echo.body)
	require.Contains(t, echo.header, "text/plain")
	want := answerOf(g, wecomPost(framed(otherKey, wecomMessage, "ww1")))
	for name, message := range map[string]string{
		"an event": wecomMessage, "one in JSON": `{"a":"b"}`, "markup": "<script>", "a text with blanks": "a b",
		"nothing": "", "a long text": strings.Repeat("a", 129),
	} {
		got := answerOf(g, wecomEcho(framed(callbackKey, message, "ww1")))
		require.NotEmpty(t, got.reason, name)
		got.reason = want.reason
		require.Equal(t, want, got, name)
	}
	require.NotEmpty(t, answerOf(g, wecomEcho(framed(otherKey, "123", "ww1"))).reason, "another key")
	require.NotEmpty(t, answerOf(g, wecomEcho(framed(callbackKey, "123", "ww2"))).reason, "another receiver")
	bare := wecomEcho(framed(callbackKey, "123", "ww1"))
	bare.URL.RawQuery = "echostr=" + bare.URL.Query().Get("echostr")
	require.NotEmpty(t, answerOf(g, bare).reason, "without a signature")
	twice := wecomEcho(framed(callbackKey, "123", "ww1"))
	twice.URL.RawQuery += "&echostr=a"
	require.NotEmpty(t, answerOf(g, twice).reason, "two challenges")
	require.Equal(t, reason.WrongRecipient, answerOf(g, wecomPost(framed(callbackKey, "123", "ww1"))).reason,
		"a captured challenge is no event")
	require.True(t, g.Health().LastProved.IsZero(), "a handshake is no sign of life")
}

// TestAnAcknowledgementIsMadeForEachDelivery: it is signed and encrypted, it differs each time, and it is no event
// where somebody sends it back.
func TestAnAcknowledgementIsMadeForEachDelivery(t *testing.T) {
	t.Parallel()
	p := dingtalk(callbackKey)
	g := sealedGuard(t, p)
	check := dingtalkPost(framed(callbackKey, `{"EventType":"check_url"}`, "ding1"))
	first := answerOf(g, check)
	require.Equal(t, http.StatusOK, first.status)
	require.Contains(t, first.header, "application/json")
	require.NoError(t, sign.CheckAcknowledgement(p, callbackToken, []byte(first.body)))
	second := answerOf(g, dingtalkPost(framed(callbackKey, `{"EventType":"check_url"}`, "ding1")))
	require.NotEqual(t, first.body, second.body)
	require.Error(t, sign.CheckAcknowledgement(p, "another", []byte(first.body)))

	var ack struct{ Msg_signature, Encrypt, TimeStamp, Nonce string } //nolint:revive // the names of the wire
	require.NoError(t, json.Unmarshal([]byte(first.body), &ack))
	back := httptest.NewRequest(http.MethodPost, "https://example.com/hooks?"+url.Values{
		"msg_signature": {ack.Msg_signature}, "timestamp": {ack.TimeStamp}, "nonce": {ack.Nonce},
	}.Encode(), strings.NewReader(`{"encrypt":"`+ack.Encrypt+`"}`))
	got := answerOf(g, back)
	require.Equal(t, answer{status: http.StatusOK, header: "map[]"}, got, "answered, and neither an event nor acknowledged")

	d, reply := g.Receive(httptest.NewRecorder(), dingtalkPost(framed(callbackKey, `{"EventType":"user_add_org"}`, "ding1")),
		adapter.Inbound{})
	require.Nil(t, reply)
	contentType, body, ok := d.Acknowledgement()
	require.True(t, ok)
	require.Equal(t, "application/json", contentType)
	require.NoError(t, sign.CheckAcknowledgement(p, callbackToken, body))
	d.Abandon()
}

// TestDecryptionKeysRotate: each active key is tried, and the acknowledgement is encrypted with the one that fits.
func TestDecryptionKeysRotate(t *testing.T) {
	t.Parallel()
	g := sealedGuard(t, dingtalk(callbackKey, otherKey))
	for _, key := range []string{callbackKey, otherKey} {
		a := answerOf(g, dingtalkPost(framed(key, `{"EventType":"check_url"}`, "ding1")))
		require.NoError(t, sign.CheckAcknowledgement(dingtalk(key), callbackToken, []byte(a.body)))
	}
	past := time.Unix(callbackTime, 0).Add(-time.Hour)
	expired := provider.WeCom(provider.WeComConfig{
		ReceiveIDs: []string{"ww1"}, EncodingAESKeys: secrets.Labeled(secrets.New("old", callbackKey).ValidUntil(past)),
	})
	require.Equal(t, reason.NoActiveSecret,
		answerOf(sealedGuard(t, expired), wecomPost(framed(callbackKey, wecomMessage, "ww1"))).reason)
}

// TestADecryptionKeyIsRequired: New says which setting, and never a key.
func TestADecryptionKeyIsRequired(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		p    core.Provider
		want string
	}{
		{"no APIv3 key", provider.WeChatPay(provider.WeChatPayConfig{}), "WeChatPayConfig.APIv3Keys"},
		{"a short APIv3 key", provider.WeChatPay(provider.WeChatPayConfig{APIv3Keys: secrets.Static("short-key-0123456")}),
			"an APIv3 key has 32"},
		{"no AES key", provider.WeCom(provider.WeComConfig{ReceiveIDs: []string{"a"}}), "WeComConfig.EncodingAESKeys"},
		{"a malformed AES key", wecom("short-key-0123456"), "43 characters"},
		{"an empty list", wecom(), "no secret is configured"},
		{"no receiver", provider.WeCom(provider.WeComConfig{EncodingAESKeys: secrets.Static(callbackKey)}),
			"WeComConfig.ReceiveIDs"},
		{"no owner", provider.DingTalk(provider.DingTalkConfig{EncodingAESKeys: secrets.Static(callbackKey)}),
			"DingTalkConfig.OwnerKeys"},
		{"an empty owner", provider.DingTalk(provider.DingTalkConfig{
			OwnerKeys: []string{""}, EncodingAESKeys: secrets.Static(callbackKey)}), "DingTalkConfig.OwnerKeys"},
	}
	for _, row := range rows {
		_, err := core.New(core.Config{
			Endpoint: "sealed", Provider: row.p, Secrets: secrets.Static(callbackToken), Replay: core.DangerouslyNoReplay,
		})
		require.ErrorContains(t, err, row.want, row.name)
		require.NotContains(t, err.Error(), "short-key", row.name)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", row.p, row.p, row.p), "short-key", row.name)
	}
}

// TestAFeishuChallengeIsNoOracle: it is not signed, so that anybody can have a ciphertext decrypted. All that fails
// looks the same, and what is answered is a challenge that holds the verify token.
func TestAFeishuChallengeIsNoOracle(t *testing.T) {
	t.Parallel()
	const key = "an-encrypt-key-of-this-test-only"
	p := provider.Feishu()
	tokens := func(c *core.Config) {
		c.Secrets, c.Setup.VerifyTokens = secrets.Static(key), secrets.Static("the-verify-token")
	}
	g := sealedGuard(t, p, tokens)
	post := func(plain string, change func([]byte)) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(plain))
		require.NoError(t, sign.Seal(r, p, key, time.Unix(callbackTime, 0)))
		var doc map[string]string
		require.NoError(t, json.NewDecoder(r.Body).Decode(&doc))
		raw, err := base64.StdEncoding.DecodeString(doc["encrypt"])
		require.NoError(t, err)
		if change != nil {
			change(raw)
		}
		return httptest.NewRequest(http.MethodPost, "https://example.com/hooks",
			strings.NewReader(`{"encrypt":"`+base64.StdEncoding.EncodeToString(raw)+`"}`))
	}
	const good = `{"challenge":"1b6aef1a-401f-406a-be41-f48911eabcef","token":"the-verify-token","type":"url_verification"}`
	a := answerOf(g, post(good, nil))
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, `{"challenge":"1b6aef1a-401f-406a-be41-f48911eabcef"}`, a.body)
	require.Contains(t, a.header, "application/json")
	want := answerOf(g, httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader("{}")))
	for name, r := range map[string]*http.Request{
		"another token":    post(strings.Replace(good, "the-verify", "another", 1), nil),
		"no token":         post(strings.Replace(good, `"token"`, `"other"`, 1), nil),
		"an event":         post(`{"header":{"token":"the-verify-token"},"token":"the-verify-token","event":{}}`, nil),
		"an event in it":   post(strings.Replace(good, "{", `{"event":{},`, 1), nil),
		"the type twice":   post(strings.Replace(good, `"type"`, `"type":"event_callback","type"`, 1), nil),
		"the token twice":  post(strings.Replace(good, `"token"`, `"token":"the-verify-token","token"`, 1), nil),
		"markup in it":     post(strings.Replace(good, "1b6a", "<b>", 1), nil),
		"a quotation mark": post(strings.Replace(good, "1b6a", `\"`, 1), nil),
		"wrong padding":    post(good, func(b []byte) { b[len(b)-17] ^= 1 }),
		"a changed block":  post(good, func(b []byte) { b[40] ^= 1 }),
		"not encrypted":    httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(good)),
		"a foreign key": httptest.NewRequest(http.MethodPost, "https://example.com/hooks",
			strings.NewReader(`{"encrypt":"`+base64.StdEncoding.EncodeToString(make([]byte, 64))+`"}`)),
		"nothing": httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(`{"encrypt":""}`)),
	} {
		got := answerOf(g, r)
		require.NotEmpty(t, got.reason, name)
		got.reason = want.reason
		require.Equal(t, want, got, name)
	}
	without := sealedGuard(t, p, func(c *core.Config) { c.Secrets = secrets.Static(key) })
	require.Equal(t, reason.MissingCredential, answerOf(without, post(good, nil)).reason, "no token is configured")
	require.True(t, g.Health().LastProved.IsZero())
}

// TestACapturedFeishuDeliveryIsNotLengthened: the signature is a plain hash that ends with the body.
func TestACapturedFeishuDeliveryIsNotLengthened(t *testing.T) {
	t.Parallel()
	const key = "an-encrypt-key-of-this-test-only"
	g := sealedGuard(t, provider.Feishu(), func(c *core.Config) { c.Secrets = secrets.Static(key) })
	r := webhooktest.NewRequest(provider.Feishu(), key, "/hooks",
		`{"schema":"2.0","header":{"event_id":"1","event_type":"a"},"event":{}}`, time.Unix(callbackTime, 0))
	right, body := copied(t, r)
	require.Zero(t, answerOf(g, right))
	for _, behind := range []string{" ", "\x80", "\x00", "{}", "\x80\x00\x00"} {
		longer, _ := copied(t, r)
		longer.Body = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)+behind)).Body
		longer.ContentLength = int64(len(body) + len(behind))
		require.NotEmpty(t, answerOf(g, longer).reason, "%q", behind)
	}
}

// TestWeComsPayloadIsDecodedLikeAnyOther.
func TestWeComsPayloadIsDecodedLikeAnyOther(t *testing.T) {
	t.Parallel()
	g := sealedGuard(t, wecom(callbackKey))
	d, reply := g.Receive(httptest.NewRecorder(), wecomPost(framed(callbackKey, "<xml><ToUserName><![CDATA[ww1]]></ToUserName>"+
		"<CreateTime>1348831860</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event></xml>",
		"ww1")), adapter.Inbound{})
	require.Nil(t, reply)
	e := d.Events()[0]
	require.Equal(t, "subscribe", e.Type)
	require.True(t, e.Authenticated.Type)
	require.Equal(t, time.Unix(1348831860, 0).UTC(), e.Time)
	require.False(t, e.Identity.IsZero())
	var message struct{ ToUserName, MsgType string }
	require.NoError(t, json.Unmarshal(e.Payload, &message))
	require.Equal(t, "ww1", message.ToUserName)
	again, reply := g.Receive(httptest.NewRecorder(), wecomPost(framed(callbackKey, "<xml><MsgType>x</MsgType><a b='c'/></xml>",
		"ww1")), adapter.Inbound{})
	require.Nil(t, reply, "what is not plain XML is an event all the same")
	require.Equal(t, "<xml><MsgType>x</MsgType><a b='c'/></xml>", string(again.Events()[0].Payload))
}

// encryptedGoldenBodies are those of [goldenBodies] for senders that encrypt, before they are encrypted.
func encryptedGoldenBodies() map[string]string {
	const feishu = `{"schema":"2.0","header":{"event_id":"f1","event_type":"im.message.receive_v1"},"event":{"a":1}}`
	return map[string]string{
		"wechat-pay": `{"id":"EV-1","event_type":"TRANSACTION.SUCCESS","resource":{"transaction_id":"1"}}`,
		"feishu":     feishu, "feishu-token": feishu,
		"dingtalk": `{"EventType":"user_add_org","eventId":"e1"}`,
		"wecom":    `<xml><MsgType><![CDATA[text]]></MsgType><MsgId>1</MsgId></xml>`,
	}
}

// TestAPublicKeyServesTheDeliveriesThatNameIt: a key with an id verifies no delivery that names another key or none.
// One without an id serves whatever is named.
func TestAPublicKeyServesTheDeliveriesThatNameIt(t *testing.T) {
	t.Parallel()
	at := time.Unix(callbackTime, 0)
	p := provider.WeChatPay(provider.WeChatPayConfig{APIv3Keys: secrets.Static("an-APIv3-key-of-a-test-32-bytes!")})
	first, second := configured(p, 1), configured(p, 2)
	both := []string{"PUB_KEY_ID_1|" + first, "PUB_KEY_ID_2|" + second}
	for _, row := range []struct {
		name, named string
		keys        []string
		accepted    bool
	}{
		{"the key that it names", "PUB_KEY_ID_1", both, true},
		{"another key of the list", "PUB_KEY_ID_2", both, false},
		{"a key that is not configured", "PUB_KEY_ID_3", both, false},
		{"no key", "", both, false},
		{"an id in small letters", "pub_key_id_1", both, false},
		{"any key, where none has an id", "PUB_KEY_ID_3", []string{second, first}, true},
	} {
		body := encryptedGoldenBodies()["wechat-pay"]
		r := webhooktest.NewRequest(p, signing(p, 1), "https://example.com/hooks", body, at)
		r.Header.Del("Wechatpay-Serial")
		if row.named != "" {
			r.Header.Set("Wechatpay-Serial", row.named)
		}
		g := sealedGuard(t, p, func(c *core.Config) { c.Secrets = secrets.Static(row.keys...) })
		want := reason.BadSignature
		if row.accepted {
			want = ""
		}
		require.Equal(t, want, answerOf(g, r).reason, row.name)
	}
}
