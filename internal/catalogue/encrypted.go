package catalogue

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// encrypted are the entries of senders that encrypt what they deliver, with a key of its own.
func encrypted() []Entry {
	keys := func(name, sample, doc string) Parameter {
		return Parameter{Name: name, Required: true, List: true, Secret: true, Sample: []string{sample}, Doc: doc}
	}
	aes := func(doc string) Parameter {
		return keys("encoding_aes_keys", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", doc)
	}
	return []Entry{
		{
			Kind: Proved, Package: "core/provider",
			Parameters: []Parameter{keys("api_v3_keys", "an-APIv3-key-of-a-test-32-bytes!",
				"the APIv3 keys of the merchant, of 32 bytes, which notifications are decrypted with")},
			make: func(v Values) core.Provider {
				return provider.WeChatPay(provider.WeChatPayConfig{APIv3Keys: sourceOf(v["api_v3_keys"])})
			},
		},
		{
			Kind: Proved, Package: "core/provider",
			Parameters: []Parameter{
				{
					Name: "owner_keys", Required: true, List: true, Sample: []string{"dingabcdefgh"},
					Doc: "whom deliveries are for: the AppKey of the app, the CorpId, or the SuiteKey",
				},
				aes("the aes_key values of the event subscription, of 43 characters"),
			},
			make: func(v Values) core.Provider {
				return provider.DingTalk(provider.DingTalkConfig{
					OwnerKeys: v["owner_keys"], EncodingAESKeys: sourceOf(v["encoding_aes_keys"]),
				})
			},
		},
		{
			Kind: Proved, Package: "core/provider",
			Parameters: []Parameter{
				{
					Name: "receive_ids", Required: true, List: true, Sample: []string{"wwabcdefgh"},
					Doc: "whom deliveries are for: the CorpID of the company, or the SuiteID",
				},
				aes("the EncodingAESKey values of the app, of 43 characters"),
			},
			make: func(v Values) core.Provider {
				return provider.WeCom(provider.WeComConfig{
					ReceiveIDs: v["receive_ids"], EncodingAESKeys: sourceOf(v["encoding_aes_keys"]),
				})
			},
		},
	}
}

// sourceOf returns a list of secrets; nil: there are none, which core.New reports.
func sourceOf(texts []string) secrets.Source {
	if len(texts) == 0 {
		return nil
	}
	return secrets.Static(texts...)
}

// encryptedFacts are the facts of these, and of the others that need no key of their own.
func encryptedFacts() map[string]Fact {
	return map[string]Fact{
		"dingtalk": {"2026-11-29", "open-dingtalk/DingTalk-Callback-Crypto, in all its languages",
			"provider.DingTalk(provider.DingTalkConfig{OwnerKeys: []string{\"dingabcdefgh\"}, " +
				"EncodingAESKeys: secrets.FromEnv(\"DINGTALK_DECRYPTION_KEY\")})"},
		"feishu":       {"2026-11-29", "larksuite/oapi-sdk-go", "provider.Feishu()"},
		"feishu-token": {"2026-11-29", "larksuite/oapi-sdk-go", "provider.FeishuToken()"},
		"wechat-pay": {"2026-11-29", "wechatpay-apiv3/wechatpay-go; pay.weixin.qq.com",
			"provider.WeChatPay(provider.WeChatPayConfig{APIv3Keys: " +
				"secrets.FromEnv(\"WECHAT_PAY_DECRYPTION_KEY\")})"},
		"wecom": {"2026-11-29", "sbzhu/weworkapi_golang, which WeCom's documentation links",
			"provider.WeCom(provider.WeComConfig{ReceiveIDs: []string{\"wwabcdefgh\"}, " +
				"EncodingAESKeys: secrets.FromEnv(\"WECOM_DECRYPTION_KEY\")})"},
	}
}
