// Package interop holds tests only: the libraries that vendors give to receivers, and those that receivers wrote for
// themselves, check what webhooktest signs, and sign what the guard verifies. It is a module of its own, so that nobody
// who uses Sallyport downloads them.
//
// Each library is a row ([peer] in the tests) that is run over the same bodies and the same changes of a delivery.
// Where it is stricter or laxer than the guard, the row says where and why; a difference that no row explains fails the
// test, and so does an explanation of a difference that is not there.
//
// Left out: gitlab-org/api/client-go, which reads the token and leaves the comparison to its user; vonage-go-sdk, whose
// tokens are those of calls to Vonage; mollie-api-go, which does not verify; and coinbase-commerce-go, which signs its
// own encoding of the payload instead of the body. What has no library of its own but sends a JSON Web Token is checked
// by lestrrat-go/jwx, with the checks that the sender's documentation names. What has none, but documents the very
// scheme of GitHub or of Stripe, is checked by their libraries: Bitbucket, Jira, Meta, WebSub, Intercom; Mux, Calendly.
//
// And because the Go module proxy did not have them when these were written: square-go-sdk, adyen-go-api-library,
// plivo-go, messagebird's go-rest-api, gocardless-pro-go, modern-treasury-go, workos-go, telnyx-go, replicate-go,
// go-shopify, braintree-go, lemonsqueezy-go, polar-go, increase-go, plaid-go, viber, helix (Twitch), recurly-client-go,
// robbiet480/go.sns (Amazon SNS), drone/go-scm, andygrunwald/go-jira (the hash of a request), piusalfred/whatsapp
// (Meta); and for RFC 9421 yaronf/httpsign, remitly-oss/httpsig-go, common-fate/httpsig and lestrrat-go/htmsig,
// dadrus/httpsig, dimkr/tootik. Nor chargebee-go, mux-go, checkout-sdk-go, xendit-go, mailersend-go, go-zendesk;
// huysamen/paystack-go, dnsge/twitch-eventsub-framework, jenkins-x/go-scm (Bitbucket); dapperlabs/go.sns and
// Sfinks80/aws_sns_verifier (Amazon SNS); eben-vranken/trusthook and JacobStephens2/webhook-verify-go, which know
// several senders.
//
// There, but with nothing that verifies: clerk-sdk-go (Clerk's guide takes Svix's library), midtrans-go, the versions
// of mercadopago/sdk-go that the proxy has (its source does by now); nor has the source of Coinbase's cdp-sdk. No
// library for Go that verifies was found for Zoom, HubSpot, LaunchDarkly, Dropbox and Dropbox Sign, DocuSign, Okta,
// Flutterwave, WooCommerce, Xero, QuickBooks, Typeform, Sentry, CircleCI, Vercel, Heroku, Figma, Sanity, Sinch,
// Microsoft Teams (but for single programs) and the challenge of X; PayPal's asks PayPal instead of verifying.
//
// Where a vendor's library is for JavaScript, it was asked once, and what it said of each delivery is a vector of the
// kind "vendor-sdk" in the testdata of core/provider: Coinbase Commerce, Contentful, ElevenLabs, Linear, MailerSend,
// Mailtrap, Mercado Pago, Modern Treasury, Moralis, Plivo (v3), Retell, Telnyx, Viber, Webflow, WorkOS, Zoom and, for
// the kinds that no recorded message is of, Amazon SNS. Alertmanager, whose own code for sending takes minutes to
// build, was had to send once: those vectors are of the kind "sender".
package interop
