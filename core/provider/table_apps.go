package provider

import "github.com/sallyport-go/sallyport/core"

// payments are the entries of payments and commerce.
func payments() []core.Provider {
	return []core.Provider{
		AdyenPlatform(), Chargebee(), CheckoutCom(), CoinbaseCDP(), CoinbaseCommerce(), GoCardless(), Increase(),
		LemonSqueezy(), ModernTreasury(), Mollie(), Paddle(), Paystack(), Polar(), Razorpay(), Recurly(), Revolut(),
		WooCommerce(), Xendit(),
	}
}

// apps are the entries of chat and apps.
func apps() []core.Provider {
	return []core.Provider{
		Box(), CalCom(), Calendly(), DocuSign(), Dropbox(), Feishu(), FeishuToken(), Front(), Intercom(), IntercomApp(),
		LINE(), MessageBirdLegacy(), Meta(), MSTeams(), QuickBooks(), Retell(), Sinch(), SinchApplication(),
		SinchNumbers(), Strava(), Telnyx(), Twitch(), Typeform(), Viber(), Webflow(), Xero(), XTwitter(), Zendesk(),
		Zoom(),
	}
}

// cloud are the entries of cloud platforms.
func cloud() []core.Provider {
	return []core.Provider{
		Alchemy(), AWSEventBridge(), AzureEventGrid(), AzureEventGridCloudEvents(), CloudEvents(), GooglePushChannels(),
		MicrosoftGraph(), QuickNode(), SharePoint(),
	}
}
