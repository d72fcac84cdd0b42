package provider

import "github.com/sallyport-go/sallyport/core"

// schemes are the entries whose schemes are more than an HMAC of the body: public keys, plain hashes, signed URLs and
// fields.
func schemes() []core.Provider {
	return []core.Provider{
		Adyen(), Braintree(), Cloudinary(), CloudinarySHA256(), Discord(), DropboxSign(), HubSpot(), HubSpotV1(),
		HubSpotV2(),
		Mandrill(), MercadoPago(), Midtrans(), Plivo(), PlivoV3(), Postal(), PostalSHA1(), SendGrid(), Square(),
		Trello(), Twilio(), UnisenderGo(), Wise(),
	}
}
