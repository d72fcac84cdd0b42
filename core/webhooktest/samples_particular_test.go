package webhooktest_test

// particularWithSamples are the senders of their own way that have samples.
func particularWithSamples() []string {
	return []string{
		"adobe-sign", "alipay", "apple-app-store", "constant-contact", "ebay", "fireblocks", "google-play", "hygraph", "keygen", "kinde", "truelayer", "wix",
		"authorize-net", "fireblocks-legacy", "freescout", "kick", "oura", "pandadoc", "recharge", "recharge-legacy",
		"tiktok-shop",
	}
}
