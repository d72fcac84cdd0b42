package provider

import "github.com/sallyport-go/sallyport/core"

// platforms are the entries of platforms, commerce and business services that follow a common scheme.
func platforms() []core.Provider {
	return []core.Provider{
		Ably(), Affirm(), AfterShip(), Airship(), Airwallex(), Ashby(), Auth0(), AutodeskAPS(), BigCommerce(), Bolt(),
		Brex(), Cashfree(), Castle(), Checkr(), Circle(), Cronofy(), Cursor(), Deel(), Discourse(), Documenso(),
		DodoPayments(), Doppler(), Dub(), Dwolla(), EasyPost(), Etsy(), FastSpring(), Gemini(), GetStream(), Ghost(),
		Greenhouse(), Harbor(), HCPTerraform(), HelpScout(), Hookdeck(), HuggingFace(), IncidentIO(), JFrog(),
		JFrogToken(), Klaviyo(), Knock(), LinkedIn(), Lithic(), Maxio(), Merge(), MongoDBAtlas(), Nexus(), Npm(),
		Nylas(), Onfleet(), Orb(), Ordergroove(), Persona(), PusherChannels(), Render(), RevenueCat(), RingCentral(),
		Segment(), Sendbird(), Shippo(), ShippoToken(), Smartcar(), Snyk(), SonarQube(), Squarespace(), Storyblok(),
		Stytch(), Tailscale(), Tally(), TikTok(), Vanta(), Vapi(), Veriff(), Webex(),
	}
}
