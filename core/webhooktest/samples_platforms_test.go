package webhooktest_test

// platformsWithSamples are the platforms that have samples.
func platformsWithSamples() []string {
	return []string{
		"affirm", "aftership", "airship", "ashby", "autodesk-aps", "bigcommerce", "bolt", "brex", "cursor", "deel",
		"discourse", "dodo-payments", "doppler", "dub", "dwolla", "easypost", "etsy", "gemini", "getstream", "ghost",
		"greenhouse", "helpscout", "incident-io", "jfrog", "jfrog-token", "klaviyo", "knock", "linkedin", "maxio",
		"merge", "nexus", "npm", "nylas", "onfleet", "render", "revenuecat", "segment", "sendbird", "shippo",
		"shippo-token", "sonarqube", "squarespace", "storyblok", "stytch", "tally", "tiktok", "vapi", "veriff",
		"webex",
	}
}
