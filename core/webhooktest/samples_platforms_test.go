package webhooktest_test

// platformsWithSamples are the platforms that have samples.
func platformsWithSamples() []string {
	return []string{
		"adobe-sign", "affirm", "aftership", "airship", "alipay", "apple-app-store", "ashby", "authorize-net",
		"autodesk-aps", "bigcommerce", "bolt", "brex", "cashfree", "constant-contact", "cursor", "deel", "discourse",
		"documenso", "dodo-payments", "doppler", "dub", "dwolla", "easypost", "ebay", "etsy", "fireblocks",
		"fireblocks-legacy", "freescout", "gemini", "getstream", "ghost", "google-play", "greenhouse", "helpscout",
		"hugging-face", "hygraph", "incident-io", "jfrog", "jfrog-token", "keygen", "kick", "kinde", "klaviyo",
		"knock", "linkedin", "lob", "maxio", "merge", "nexus", "npm", "nylas", "onfleet", "ordergroove", "oura",
		"pandadoc", "recharge", "recharge-legacy", "render", "revenuecat", "segment", "sendbird", "shippo",
		"shippo-token", "sonarqube", "squarespace", "storyblok", "stytch", "tally", "tiktok", "tiktok-shop",
		"truelayer", "vapi", "veriff", "webex", "wix",
	}
}
