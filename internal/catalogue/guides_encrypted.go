package catalogue

// encryptedGuides are the guides of senders that encrypt their deliveries.
func encryptedGuides() map[string]Guide {
	return map[string]Guide{
		"dingtalk": {Steps: []string{
			"The app > Event subscription > HTTP push: create the aes_key and the signature token; the key goes " +
				"into `DINGTALK_DECRYPTION_KEY`. Enter the URL.",
			"Saving sends an encrypted `check_url`, which has to be acknowledged within 1.5 seconds.",
			"Choose the events.",
		}, Notes: []string{
			"The token and the key are two secrets: the token goes into `DINGTALK_SECRET`.",
			"DingTalk asks for an encrypted `success` as the answer to each event. Signals answer so; a handler " +
				"that writes its own answer writes what `Delivery.Acknowledgement` returns.",
			"Events that could not be pushed are kept at DingTalk for seven days, and can be fetched.",
		}, Refuses: []string{"outgoing messages of robots, whose signature does not cover the body"}},
		"feishu": {Steps: []string{
			"The app > Events & callbacks > Encryption strategy: set an Encrypt Key, which goes into " +
				"`FEISHU_SECRET`; copy the Verification Token into `FEISHU_VERIFY_TOKEN`.",
			"Event configuration > Send to the developer's server: the URL. Saving sends an encrypted challenge.",
			"Add the events.",
		}, Refuses: []string{
			"apps without an Encrypt Key: use `feishu-token`",
			"callbacks of message cards, which are signed with SHA-1 under the Verification Token",
		}},
		"feishu-token": {Notes: []string{"Nothing is signed. Set an Encrypt Key and use `feishu`."}},
		"wechat-pay": {Steps: []string{
			"Merchant platform > Account centre > API security: set the APIv3 key, which goes into " +
				"`WECHAT_PAY_DECRYPTION_KEY`.",
			"In the same place, apply for the WeChat Pay public key. Put its id, a bar and the PEM into " +
				"`WECHAT_PAY_PUBLIC_KEY`. It does not expire, and is all that a new merchant has.",
			"An older merchant whose notifications name platform certificates puts these there, each behind its " +
				"serial number. They expire after five years and are not fetched: before that, switch to the public " +
				"key, and list both while WeChat Pay switches (pay.weixin.qq.com/doc/v3/merchant/4012154180).",
			"Give the URL as `notify_url` with each order. It may have no query.",
		}, Notes: []string{
			"Some notifications carry a wrong signature on purpose (`WECHATPAY/SIGNTEST/`). They are refused, and " +
				"come again " +
				"with a right one.",
		}},
		"wecom": {Steps: []string{
			"The app > Receive messages > Set up API: the URL, a Token, which goes into `WECOM_SECRET`, and an " +
				"EncodingAESKey, which goes into `WECOM_DECRYPTION_KEY`.",
			"Saving sends a GET with an encrypted `echostr`, which is answered with its plaintext.",
		}},
	}
}
