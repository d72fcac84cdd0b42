package provider

import (
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/callback"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Senders that encrypt what they deliver. It is decrypted after the proof: the event's payload, or its data, is what
// was decrypted, and core.Delivery.Body what was sent.

// WeChatPayConfig is what an endpoint that WeChat Pay sends to needs besides public keys.
type WeChatPayConfig struct {
	// APIv3Keys are the merchant's APIv3 keys, of 32 bytes, which notifications are decrypted with. Required. During a
	// rotation list both.
	APIv3Keys secrets.Source
}

// WeChatPay is WeChat Pay's notifications of API version 3. Secrets are WeChat Pay's public keys or platform
// certificates in PEM, each behind its id or serial number as Wechatpay-Serial has it, and a bar:
//
//	PUB_KEY_ID_0000000000000024101100397200000006|-----BEGIN PUBLIC KEY-----
//
// A key with an id serves the deliveries alone that name it. The event's data is the decrypted resource. WeChat Pay
// sends some notifications with a wrong signature, to see whether it is checked, and sends them again with a right one.
//
// https://pay.weixin.qq.com/doc/v3/merchant/4012075420
// https://github.com/wechatpay-apiv3/wechatpay-go
func WeChatPay(c WeChatPayConfig) core.Provider {
	return of(entry.Entry{
		Name: "wechat-pay", Title: "WeChat Pay", Confidence: "A",
		Docs:       "https://pay.weixin.qq.com/doc/v3/merchant/4012075420",
		SecretFrom: "the merchant platform's API security > WeChat Pay public key, with its id",
		Scheme: &entry.Scheme{
			Algorithm: entry.RSAPKCS1SHA256,
			Key:       entry.Key{Certificate: true, Named: "|", NamedIn: "Wechatpay-Serial"},
			Signature: entry.Signature{Field: headers("Wechatpay-Signature"), Encoding: entry.Base64},
			// WeChat Pay's own libraries refuse what is older than five minutes: each attempt is signed again.
			Timestamp: entry.Timestamp{Field: headers("Wechatpay-Timestamp"), Resigned: true},
			Signed: []entry.Part{
				entry.TimestampText(), entry.Literal("\n"),
				{Kind: entry.PartHeader, Text: "Wechatpay-Nonce", Grammar: entry.Token, Sample: "nonce"},
				entry.Literal("\n"), entry.Body(), entry.Literal("\n"),
			},
		},
		Unsigned: []string{"Wechatpay-Serial, which only names the key", "Request-ID"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/event_type"), Time: pointer("/create_time"), TimeUnit: entry.RFC3339,
			Sealed: &entry.Sealed{
				Cipher: entry.AES256GCM, Pointer: "/resource/ciphertext", Nonce: "/resource/nonce",
				Associated: "/resource/associated_data", Algorithm: "/resource/algorithm",
				AlgorithmIs: "AEAD_AES_256_GCM", Data: true,
				Keys: c.APIv3Keys, Setting: "WeChatPayConfig.APIv3Keys",
				KeyFrom: "the merchant platform's API security > APIv3 key",
			},
		},
		RetryHorizon: 24*time.Hour + 4*time.Minute, LastQuickRetry: time.Minute, AckLimit: 5 * time.Second,
		Addresses: "https://pay.weixin.qq.com/doc/v3/merchant/4012075420",
	})
}

// feishuHorizon is the sum of the four intervals after which Feishu sends an event again: 15 s, 5 min, 1 h and 6 h.
const feishuHorizon = 7*time.Hour + 6*time.Minute

// Feishu is the events of a Feishu or Lark app that has an Encrypt Key. The secret is the Encrypt Key: it signs
// deliveries, and decrypts them. The Verification Token goes to core.Config.Setup.VerifyTokens: the request that Feishu
// sends when the URL is saved is not signed, and the token inside proves it. For an app without an Encrypt Key, see
// [FeishuToken].
//
// https://open.feishu.cn/document/server-docs/event-subscription-guide
// https://github.com/larksuite/oapi-sdk-go
func Feishu() core.Provider {
	e := feishu()
	e.Name, e.Title = "feishu", "Feishu / Lark"
	e.SecretFrom = "the app > Events & callbacks > Encryption strategy > Encrypt Key"
	e.Scheme = &entry.Scheme{
		Algorithm: entry.DigestSHA256,
		Signature: entry.Signature{Field: headers("X-Lark-Signature"), Encoding: entry.Hex},
		// Whether a retry is signed again is not documented.
		Timestamp: entry.Timestamp{Field: headers("X-Lark-Request-Timestamp"), Past: feishuHorizon},
		Signed: []entry.Part{
			entry.TimestampText(),
			{Kind: entry.PartHeader, Text: "X-Lark-Request-Nonce", Grammar: entry.Token, Sample: "nonce"},
			entry.Secret(), entry.Body(),
		},
	}
	e.Event.Sealed = &entry.Sealed{
		Cipher: entry.AES256CBCHashed, Pointer: "/encrypt", OwnSecret: true, Setting: "Secrets", KeyFrom: e.SecretFrom,
	}
	unsigned := e.Handshakes[0]
	unsigned.Proved, unsigned.Unsigned, unsigned.TokenJSON = false, true, "/token"
	e.Handshakes = append(e.Handshakes, unsigned)
	return of(e)
}

// FeishuToken is the events of a Feishu or Lark app without an Encrypt Key. Nothing is signed or encrypted: the secret
// is the Verification Token, which each body holds. Prefer [Feishu] and set an Encrypt Key.
//
// https://open.feishu.cn/document/server-docs/event-subscription-guide
func FeishuToken() core.Provider {
	e := feishu()
	e.Name, e.Title = "feishu-token", "Feishu / Lark (Verification Token)"
	e.SecretFrom = "the app > Events & callbacks > Encryption strategy > Verification Token"
	// The request that tries the URL and events of version 1 have the token at the top, those of version 2 in the
	// header.
	e.Credential = entry.Credential{Kind: entry.BodyToken, Name: "/token", Or: "/header/token"}
	e.Unsigned = []string{"everything: whoever has seen one delivery knows the token"}
	return of(e)
}

// feishu holds what both forms share. Events of version 1 have no header, and their id is the uuid.
func feishu() entry.Entry {
	return entry.Entry{
		Confidence: "A",
		Docs:       "https://open.feishu.cn/document/server-docs/event-subscription-guide",
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/header/event_id"},
		Event: entry.Event{
			ID:   []entry.Value{{JSON: "/header/event_id"}, {JSON: "/uuid"}},
			Type: []entry.Value{{JSON: "/header/event_type"}, {JSON: "/event/type"}},
			Time: []entry.Value{{JSON: "/header/create_time"}, {JSON: "/ts"}}, TimeUnit: entry.SecondsOrMilliseconds,
			Tenant: pointer("/header/tenant_key"), Data: "/event",
		},
		Handshakes: []entry.Handshake{{
			Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "url_verification", LacksJSON: "/event",
			EchoJSON: "/challenge", Answer: `{"challenge":"{challenge}"}`, ContentType: "application/json",
			When: "when the request URL is saved",
		}},
		RetryHorizon: feishuHorizon, LastQuickRetry: 6 * time.Minute, AckLimit: 3 * time.Second,
	}
}

// DingTalkConfig is what an endpoint that DingTalk sends to needs besides its token.
type DingTalkConfig struct {
	// OwnerKeys are whom deliveries are for: the AppKey (Client ID) of an app of the organisation, the CorpId for
	// callbacks that were registered by API, or the SuiteKey of a third-party app. Required.
	OwnerKeys []string
	// EncodingAESKeys are the accepted aes_key values, of 43 characters. Required. During a rotation list both.
	EncodingAESKeys secrets.Source
}

// DingTalk is the events that DingTalk pushes by HTTP. The secret is the token (signature token) of the event
// subscription. The payload is the decrypted event.
//
// DingTalk accepts one answer: the text "success", encrypted under the same keys. Signals answer so; a handler that
// answers itself writes what [core.Delivery.Acknowledgement] returns.
//
// https://open.dingtalk.com/document/orgapp/configure-event-subcription
// https://github.com/open-dingtalk/DingTalk-Callback-Crypto
func DingTalk(c DingTalkConfig) core.Provider {
	const success = "success"
	s := &entry.Sealed{
		// Without Texts, an acknowledgement that somebody captured would be an event.
		Cipher: entry.AES256CBCFramed, Pointer: "/encrypt", Receivers: slices.Clone(c.OwnerKeys),
		Texts: []string{success},
		Keys:  c.EncodingAESKeys, Setting: "DingTalkConfig.EncodingAESKeys",
		KeyFrom: "the app > Event subscription > Encryption aes_key",
	}
	return entry.NewProvider(entry.Entry{
		Name: "dingtalk", Title: "DingTalk", Confidence: "A",
		Docs:       "https://open.dingtalk.com/document/orgapp/configure-event-subcription",
		SecretFrom: "the app > Event subscription > Signature token",
		Scheme: &entry.Scheme{Custom: callback.New(callback.Config{
			Sealed: s, Signature: []string{"msg_signature", "signature"}, Timestamp: []string{"timestamp", "timeStamp"},
			Milliseconds: true, Payload: "/encrypt",
		})},
		Unsigned: []string{"the body around the ciphertext",
			"the boundary between timestamp and nonce, where the nonce consists of digits"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/eventId"},
		Event: entry.Event{
			ID: pointer("/eventId"), Type: pointer("/EventType"),
			Time: []entry.Value{{JSON: "/EventTime"}, {JSON: "/TimeStamp"}}, TimeUnit: entry.Milliseconds,
			Tenant: pointer("/CorpId"), Sealed: s,
		},
		Handshakes: []entry.Handshake{{
			Proved: true, Method: "POST", WhenJSON: "/EventType", WhenEquals: "check_url", AnswerAck: true,
			When: "when the URL is saved",
		}},
		AckLimit: 1500 * time.Millisecond, AckBody: success, AckSealed: true,
	}, needsRecipients(c.OwnerKeys, "DingTalkConfig.OwnerKeys"+needsReceiver))
}

// WeComConfig is what an endpoint that WeCom sends to needs besides its token.
type WeComConfig struct {
	// ReceiveIDs are whom deliveries are for: the CorpID of the company, or the SuiteID of a third-party app. Required.
	ReceiveIDs []string
	// EncodingAESKeys are the accepted EncodingAESKey values, of 43 characters. Required. During a rotation list both.
	EncodingAESKeys secrets.Source
}

// WeCom is the messages and events of WeCom (WeChat Work) apps that receive by API. The secret is the Token. The
// payload is the decrypted document in JSON: the names of its elements are members, with texts.
//
//	<xml><MsgType><![CDATA[text]]></MsgType><MsgId>1</MsgId></xml>  {"MsgId":"1","MsgType":"text"}
//
// An element that comes several times is a list.
//
// https://developer.work.weixin.qq.com/document/path/90930
// https://developer.work.weixin.qq.com/document/path/90968
func WeCom(c WeComConfig) core.Provider {
	s := &entry.Sealed{
		Cipher: entry.AES256CBCFramed, Pointer: "/encrypt", Element: "Encrypt", Parameter: "echostr",
		Receivers: slices.Clone(c.ReceiveIDs), XML: true,
		Keys: c.EncodingAESKeys, Setting: "WeComConfig.EncodingAESKeys",
		KeyFrom: "the app > Receive messages > Set up API > EncodingAESKey",
	}
	return entry.NewProvider(entry.Entry{
		Name: "wecom", Title: "WeCom", Confidence: "A",
		Docs:       "https://developer.work.weixin.qq.com/document/path/90930",
		SecretFrom: "the app > Receive messages > Set up API > Token",
		Scheme: &entry.Scheme{Custom: callback.New(callback.Config{
			Sealed: s, Signature: []string{"msg_signature"}, Timestamp: []string{"timestamp"}, Payload: "Encrypt",
		})},
		Unsigned: []string{"the body around the ciphertext (ToUserName, AgentID)",
			"the boundary between timestamp and nonce, where the nonce consists of digits"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/MsgId"},
		Event: entry.Event{
			ID: pointer("/MsgId"), Type: []entry.Value{{JSON: "/Event"}, {JSON: "/MsgType"}},
			Time: pointer("/CreateTime"), TimeUnit: entry.Seconds, Sealed: s,
		},
		Handshakes: []entry.Handshake{{
			Proved: true, Method: "GET", WhenQuery: "echostr", EchoSealed: true, Grammar: entry.Token,
			When: "when the settings for receiving by API are saved",
		}},
	}, needsRecipients(c.ReceiveIDs, "WeComConfig.ReceiveIDs"+needsReceiver))
}

const needsReceiver = " needs whom the deliveries are for: the sender's own check that they are for you"
