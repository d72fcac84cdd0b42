package provider

import "github.com/sallyport-go/sallyport/core"

// platforms are the entries of platforms, commerce and business services that follow a common scheme.
func platforms() []core.Provider {
	return []core.Provider{
		Ably(), Affirm(), AfterShip(), Airwallex(), Ashby(), Auth0(), AutodeskAPS(), BigCommerce(), Bolt(), Brex(),
		Castle(),
		Checkr(), Circle(), Cronofy(), Cursor(), Deel(), Discourse(), DodoPayments(), Dub(), Dwolla(), EasyPost(),
		Etsy(), FastSpring(),
		Gemini(), GetStream(), Ghost(), Greenhouse(), Harbor(), HCPTerraform(), HelpScout(), Hookdeck(), IncidentIO(),
		JFrog(),
		JFrogToken(), Knock(), LinkedIn(), Lithic(), MongoDBAtlas(), Nexus(), Npm(), Nylas(), Onfleet(), Orb(),
		Persona(),
		PusherChannels(), Render(), RevenueCat(), RingCentral(), Segment(), Shippo(), ShippoToken(), Smartcar(), Snyk(),
		SonarQube(), Squarespace(),
		Storyblok(), Tailscale(), Tally(), TikTok(), Vapi(), Veriff(), Webex(),
	}
}
