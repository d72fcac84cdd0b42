package webhooktest_test

// platformsWithSamples are the platforms that have samples.
func platformsWithSamples() []string {
	return []string{
		"ably", "adobe-sign", "affirm", "aftership", "airship", "airwallex", "alipay", "apple-app-store", "ashby",
		"auth0", "authorize-net", "autodesk-aps", "bigcommerce", "bolt", "brex", "cashfree", "castle", "circle",
		"constant-contact", "cursor", "deel", "discourse", "documenso", "dodo-payments", "doppler", "dub", "dwolla",
		"easypost", "ebay", "etsy", "fal", "fastspring", "fireblocks", "fireblocks-legacy", "freescout", "gemini",
		"getstream", "ghost", "google-play", "greenhouse", "harbor", "hcp-terraform", "helpscout", "hugging-face",
		"hygraph", "incident-io", "jfrog", "jfrog-token", "keygen", "kick", "kinde", "klaviyo", "knock", "linkedin",
		"lithic", "lob", "maxio", "merge", "mongodb-atlas", "nexus", "npm", "nylas", "onfleet", "orb", "ordergroove",
		"oura", "pandadoc", "persona", "pusher", "recharge", "recharge-legacy", "render", "revenuecat", "segment",
		"sendbird", "shippo", "shippo-token", "snyk", "sonarqube", "squarespace", "storyblok", "stytch", "tailscale",
		"tally", "tiktok", "tiktok-shop", "truelayer", "vapi", "veriff", "webex", "wix",
	}
}
