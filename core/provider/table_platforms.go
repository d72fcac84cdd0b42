package provider

import "github.com/sallyport-go/sallyport/core"

// platforms are the entries of platforms, commerce and business services.
func platforms() []core.Provider {
	return []core.Provider{
		Ably(), AdobeSign(), Affirm(), AfterShip(), Airship(), Airwallex(), Alipay(), Ashby(), Auth0(), AuthorizeNet(),
		AutodeskAPS(), BigCommerce(), Bolt(), Brex(), BTCPayServer(), Cashfree(), Castle(), Checkr(), Circle(), Crisp(),
		Cronofy(), Cursor(), Deel(), Discourse(), Documenso(), DodoPayments(), Doppler(), Dub(), Dwolla(), EBay(),
		Etsy(), Expo(), FastSpring(), Firecrawl(), Gemini(), GetStream(), Ghost(), Greenhouse(), Harbor(),
		HCPTerraform(), HelpScout(), Hookdeck(), HuggingFace(), Hygraph(), IncidentIO(), JFrog(), JFrogToken(),
		Keygen(), Klaviyo(), Knock(), Lago(), LinkedIn(), Lithic(), Logto(), Maxio(), Merge(), MongoDBAtlas(), Nexus(),
		Npm(), Nylas(), Onfido(), Onfleet(), Orb(), Ordergroove(), PandaDoc(), Persona(), Plane(), PusherChannels(),
		Render(), RevenueCat(), RingCentral(), Segment(), Sendbird(), Shippo(), ShippoToken(), Smartcar(), Snyk(),
		SonarQube(), Squarespace(), Storyblok(), Stytch(), Tailscale(), Tally(), TikTok(), Vanta(), Vapi(), Veriff(),
		Webex(),
	}
}
