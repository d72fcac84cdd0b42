package catalogue

// particularGuides are the guides of senders that do one thing in a way of their own.
func particularGuides() map[string]Guide {
	return map[string]Guide{
		"adobe-sign": {Notes: []string{
			"The client id is no secret. Register a URL with a token of your own, and check it: " +
				"`Credentials: []core.Credential{core.QueryToken(\"token\", secrets.FromEnv(\"ADOBE_SIGN_TOKEN\"))}`.",
		}},
		"alipay": {Refuses: []string{
			"notifications with the older sign_type RSA, which is SHA-1: choose RSA2 in the app's settings",
			"a form one of whose values holds what looks like a further field, such as &x=1",
		}},
		"keygen": {Notes: []string{
			"An endpoint that signs with another algorithm than Ed25519: `provider.KeygenWith(provider.RSASHA256)` and alike.",
		}},
		"fireblocks-legacy": {Notes: []string{
			"Fireblocks recommends the newer signature, Fireblocks-Webhook-Signature, whose keys it rotates.",
		}},
		"freescout": {Notes: []string{
			"Configure the MD5, and never APP_KEY itself: it decrypts what FreeScout stores.",
		}},
		"kick": {Notes: []string{
			"Developer settings > the app > Enable Webhooks: the URL. Then subscribe to events by the API.",
			"The type comes in a header that nothing signs: look at the payload before you act on it.",
		}},
		"recharge-legacy": {Refuses: []string{
			"deliveries that have the newer signature as well, as all do that Recharge sends now: use `recharge`",
		}},
		"pandadoc": {Notes: []string{
			"PandaDoc adds `?signature=` to the URL by itself. Let no log of a proxy keep queries for long.",
		}},
	}
}
