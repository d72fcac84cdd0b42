package webhooktest_test

// platformsWithSamples are the platforms that have samples.
func platformsWithSamples() []string {
	return []string{
		"affirm", "aftership", "ashby", "autodesk-aps", "bigcommerce", "bolt", "brex", "cursor", "deel", "discourse",
		"dodo-payments", "dub", "dwolla", "easypost", "etsy", "gemini", "getstream", "ghost", "greenhouse", "helpscout",
		"incident-io", "jfrog", "jfrog-token", "knock", "linkedin", "nexus", "npm", "nylas", "onfleet", "render",
		"revenuecat", "segment", "shippo", "shippo-token", "sonarqube", "squarespace", "storyblok", "tally", "tiktok", "vapi",
		"veriff", "webex",
	}
}
