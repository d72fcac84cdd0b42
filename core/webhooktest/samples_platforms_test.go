package webhooktest_test

// platformsWithSamples are the platforms that have samples.
func platformsWithSamples() []string {
	return []string{
		"affirm", "aftership", "airship", "ashby", "autodesk-aps", "bigcommerce", "bolt", "brex", "cashfree",
		"cursor", "deel", "discourse", "documenso", "dodo-payments", "doppler", "dub", "dwolla", "easypost", "etsy",
		"gemini", "getstream", "ghost", "greenhouse", "helpscout", "hugging-face", "incident-io", "jfrog",
		"jfrog-token", "klaviyo", "knock", "linkedin", "lob", "maxio", "merge", "nexus", "npm", "nylas", "onfleet",
		"ordergroove", "render", "revenuecat", "segment", "sendbird", "shippo", "shippo-token", "sonarqube",
		"squarespace", "storyblok", "stytch", "tally", "tiktok", "vapi", "veriff", "webex",
	}
}
