package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Alipay is Alipay's asynchronous notifications, signed as RSA2: forms whose fields are signed sorted, "k=v&k=v". The
// secret is Alipay's public key of the app, in base64 as the console shows it; where the app uses certificates, the
// certificate of Alipay's public key in PEM. A form with the older sign_type RSA (SHA-1) is refused.
//
// A retry repeats the same notification, and the time in it is the event's. Compare out_trade_no, total_amount,
// seller_id and app_id with your own. A value that holds what looks like a further field ("&x=1", where x comes behind
// the field's name) is refused, because the same signature would fit other fields.
//
// https://opendocs.alipay.com/open/270/105902
// https://github.com/alipay/alipay-easysdk
func Alipay() core.Provider {
	return of(entry.Entry{
		Name: "alipay", Title: "Alipay", Confidence: "A",
		Docs:       "https://github.com/alipay/alipay-easysdk",
		SecretFrom: "open.alipay.com > the app > Development settings > API signing: Alipay's public key",
		Scheme: &entry.Scheme{
			Algorithm: entry.RSAPKCS1SHA256,
			Key:       entry.Key{Certificate: true},
			Signature: entry.Signature{Field: entry.Field{Form: "sign"}, Encoding: entry.Base64},
			Signed: []entry.Part{{
				Kind: entry.PartSortedForm, Equals: "=", Between: "&",
				Without: []string{"sign", "sign_type", "alipay_cert_sn"},
			}},
		},
		Unsigned: []string{"sign_type", "alipay_cert_sn"},
		Identity: entry.Identity{Kind: entry.BySigned},
		Event: entry.Event{
			ID: []entry.Value{{Form: "notify_id"}}, Type: []entry.Value{{Form: "notify_type"}},
			Action: []entry.Value{{Form: "trade_status"}}, Time: []entry.Value{{Form: "notify_time"}},
			TimeUnit: entry.DateTimeInChina, Tenant: []entry.Value{{Form: "app_id"}},
		},
		// Eight times within 25 hours, until the answer says success.
		RetryHorizon: 25 * time.Hour,
		AckBody:      "success",
	})
}
