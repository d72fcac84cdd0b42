package catalogue

// platformGuides are the guides of platforms, commerce and business services.
func platformGuides() map[string]Guide {
	return map[string]Guide{
		"btcpay-server": {Notes: []string{
			"Leave \"Automatic redelivery\" of the webhook switched on: without it nothing is sent again.",
		}},
		"crisp": {Refuses: []string{
			"hooks of a website's own settings, which are not signed: make a plugin in the Crisp Marketplace, where " +
				"a private one suffices, and set its Web Hooks",
		}},
		"lago": {Steps: []string{
			"Developers > Webhooks > Add a webhook: the URL, and the signature HMAC.",
			"Reveal the HMAC Signature Token there, and copy it into `LAGO_SECRET`.",
		}, Refuses: []string{"endpoints with the signature JWT, Lago's default: choose HMAC"}},
		"livekit": {Notes: []string{
			"LiveKit Cloud: Settings > Webhooks. A server of your own: `webhook` in its configuration, with " +
				"`api_key` and `urls`.",
			"The content type is `application/webhook+json`.",
		}},
		"plane": {Notes: []string{
			"After five failed attempts Plane switches the webhook off and writes an email.",
			"A new secret key takes the place of the old one at once. Until the endpoint has the new one, deliveries " +
				"are answered 503, and sent again.",
		}},
		"adobe-sign": {Notes: []string{
			"The client id is no secret. Register a URL with a token of your own, and check it: " +
				"`Credentials: []core.Credential{core.QueryToken(\"token\", " +
				"secrets.FromEnv(\"ADOBE_SIGN_TOKEN\"))}`. Or have a proxy demand Adobe's client certificate. The " +
				"guard cannot see that, so without a credential it warns at the start: whoever knows the client id " +
				"can send anything that reaches it.",
		}},
		"alipay": {Refuses: []string{
			"notifications with the older sign_type RSA, which is SHA-1: choose RSA2 in the app's settings",
			"a form one of whose values holds what looks like a further field, such as &x=1",
		}},
		"keygen": {Notes: []string{
			"An endpoint that signs with another algorithm than Ed25519: " +
				"`provider.KeygenWith(provider.RSASHA256)` and alike.",
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
		"ably": {Refuses: []string{"requests that are not batched, which are not signed: choose batched in the rule"}},
		"affirm": {Notes: []string{
			"Signing is switched on by Affirm on request. Checkout events are forms, prequalification events JSON.",
		}},
		"airship": {Steps: []string{
			"Settings > Channels > Open Channels > Configure New Open Channel: the URL without /push, and " +
				"\"Signature Hash\" with a secret of your own (`secrets.Generate()`), which also goes into " +
				"`AIRSHIP_SECRET`; save.",
			"Copy the validation code that the settings show then into the configuration, and deploy.",
			"Check \"Enabled\" and save: Airship gets /validate below the URL.",
		}, Refuses: []string{"compressed bodies (Content-Encoding: gzip), as in Airship's own example: " +
			"decompress them in front of the guard, with a limit; the JSON is what is signed"}},
		"apple-app-store": {Refuses: []string{
			"version 1 notifications, which are not signed: choose version 2 in App Store Connect",
			"what Xcode and local tests make, which the App Store does not sign",
		}, Notes: []string{
			"App Store Connect has one URL for production and one for the sandbox: give each an endpoint of its own.",
			"\"Request a Test Notification\" of the App Store Server API sends a signed notification of the type TEST.",
		}},
		"auth0": {Notes: []string{"Choose JSON Array or JSON Object as the content format: no event is read " +
			"from JSON Lines, the default."}},
		"autodesk-aps": {Notes: []string{"Nothing is signed until a secret token exists: create it by POST /tokens, " +
			"or for one webhook."}},
		"circle": {Notes: []string{
			"Compare `/subscriptionId` with your own subscription's: whether the key signs for other accounts as " +
				"well is not documented.",
		}},
		"constant-contact": {Refuses: []string{
			"webhooks of the v2 API, which are signed by the header x-ctct-hmac-sha256",
		}, Notes: []string{
			"A POST to /partner/webhooks/subscriptions/{topic_id}/tests sends a test notification.",
		}},
		"dub": {Refuses: []string{"the formats of Slack and Segment URLs"}},
		"getstream": {Refuses: []string{"compressed bodies, which are signed before they are compressed: leave " +
			"payload compression off"}},
		"fireblocks": {Notes: []string{
			"Each environment (US, EU, EU2, sandbox) has keys of its own: choose that of the workspace for " +
				"keys.Fireblocks.",
		}},
		"gemini": {Refuses: []string{"dynamic webhooks (webhook_config.uris), which a key pair signs"}},
		"ghost":  {Refuses: []string{"versions of Ghost that send a time and do not sign it"}},
		"jfrog": {Refuses: []string{
			"webhooks whose secret does not sign the payload: use `jfrog-token`",
			"custom webhooks with a payload of one's own, which are not signed",
		}},
		"klaviyo": {Refuses: []string{"webhook actions of flows, which are not signed: send a header with a secret " +
			"of your own, and use `provider.Token`"}},
		"linkedin": {Notes: []string{
			"LinkedIn asks for the URL again every two hours, and blocks it after three failures in a row.",
		}},
		"maxio":  {Notes: []string{"The times in a form are those of the east of the United States, without a zone."}},
		"nylas":  {Refuses: []string{"compressed deliveries: leave compression off"}},
		"shippo": {Refuses: []string{"webhooks with a token in the URL: use `shippo-token`"}},
		"greenhouse": {Notes: []string{"Saving a webhook sends a ping. Where its answer is not 200, the webhook is " +
			"created disabled: enable it again."}},
		"tailscale": {Refuses: []string{"the formats of Slack, Discord, Mattermost and Google Chat, which are not " +
			"signed"}},
		"vapi": {Refuses: []string{"bearer tokens: use `bearer`",
			"HMAC credentials, whose form you choose: describe them with `provider.HMAC`"}},
		"wix": {Notes: []string{
			"\"Trigger Test\" and \"Test\" in the app's dashboard send sample events, signed with the same key.",
			"Wix waits 1.25 s for the answer: let receivers that take longer run behind an inbox.",
		}},
	}
}
