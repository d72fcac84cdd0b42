package catalogue

// particularFacts are the facts of the entries of senders that do one thing in a way of their own.
func particularFacts() map[string]Fact {
	return map[string]Fact{
		"adobe-sign": {"2026-11-29", "helpx.adobe.com/sign/kb/adobe-sign-keep-sending-just-one-even; AdobeDocs, in part",
			"provider.AdobeSign()"},
		"alipay": {"2026-11-29", "alipay/alipay-easysdk Signer.verifyParams; docs.antom.com/ac/web/async (retries)",
			"provider.Alipay()"},
		"ebay": {"2026-11-29", "eBay/event-notification-nodejs-sdk, and its recorded deliveries", "provider.EBay()"},
		"google-play": {"2026-11-29", "developer.android.com/google/play/billing/rtdn-reference",
			"jwt.GooglePlay(jwt.GoogleConfig{\n\t\tAudience:        \"https://hooks.example.com/webhooks/google-play\",\n" +
				"\t\tServiceAccounts: []string{\"push@project.iam.gserviceaccount.com\"},\n\t})"},
		"keygen":  {"2026-11-29", "keygen-sh/keygen-api, keygen-sh/keygen-go and its recorded delivery", "provider.Keygen()"},
		"hygraph": {"2026-11-29", "@hygraph/utils 1.2.1", "provider.Hygraph()"},
		"authorize-net": {"2026-11-29", "two recorded deliveries of 2017; a third party that cites the sender's page",
			"provider.AuthorizeNet()"},
		"fireblocks-legacy": {"2026-11-29", "", "provider.FireblocksLegacy(\"w1\")"},
		"freescout": {"2026-11-29", "freescout.net/module/api-webhooks (retries); receivers that agree",
			"unproved.FreeScout()"},
		"kick": {"2026-11-29", "KickEngineering/KickDevDocs events/webhook-security.md, event-types.md",
			"provider.Kick(\"1\")"},
		"oura":     {"2026-11-29", "receivers that cite the sender's pages and agree", "unproved.Oura()"},
		"pandadoc": {"2026-11-29", "", "provider.PandaDoc()"},
		"recharge": {"2026-11-29", "Recharge's changelog and webhooks-overview; a third party that cites the rest",
			"unproved.Recharge()"},
		"recharge-legacy": {"2026-11-29", thirdParty, "unproved.RechargeLegacy()"},
		"tiktok-shop":     {"2026-11-29", thirdParty, "unproved.TikTokShop(\"app_key_1\")"},
	}
}
