package provider_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// schemeVectors are deliveries of the entries of schemes(), signed here by the documented formula, without the code
// under test; each also under another key.
func schemeVectors() []vector {
	now := int64(ownTime)
	at := fmt.Sprint(now)
	const formType = "application/x-www-form-urlencoded"
	own := func(p core.Provider, name, body string, headers map[string]string) vector {
		return vector{
			Provider: p.Name(), ID: "own-" + name, Method: http.MethodPost, Headers: headers, Body: []byte(body),
			Secret: configured(p, 1), Now: &now, Expect: "valid",
		}
	}
	atURL := func(v vector, url string) vector { v.URL = url; return v }
	secret := func(p core.Provider) string { return signing(p, 1) }
	sha1MAC := func(key, text string) []byte {
		h := hmac.New(sha1.New, []byte(key))
		_, _ = h.Write([]byte(text))
		return h.Sum(nil)
	}
	sha256MAC := func(key, text string) []byte { return ownMAC([]byte(key), text) }
	b64 := base64.StdEncoding.EncodeToString
	json1 := `{"id":"evt_1","type":"a","text":"` + "ü" + `"}` + "\r\n"

	cld1, cld256 := provider.Cloudinary(), provider.CloudinarySHA256()
	cldSum1 := sha1.Sum([]byte(json1 + at + secret(cld1)))
	cldSum256 := sha256.Sum256([]byte(json1 + at + secret(cld256)))
	cld := func(sum []byte) map[string]string {
		return map[string]string{"X-Cld-Signature": hex.EncodeToString(sum), "X-Cld-Timestamp": at}
	}

	midtrans := provider.Midtrans()
	midSum := sha512.Sum512([]byte("order-1" + "200" + "10000.00" + secret(midtrans)))
	midBody := `{"transaction_status":"capture","order_id":"order-1","status_code":"200","gross_amount":"10000.00","signature_key":"` +
		hex.EncodeToString(midSum[:]) + `"}`

	uni := provider.UnisenderGo()
	uniBody := func(auth string) string { return `{"auth": "` + auth + `", "events_by_user":[{"events":[]}]}` }
	uniSum := md5.Sum([]byte(uniBody(secret(uni))))

	mp := provider.MercadoPago()
	mpManifest := "id:abc123;request-id:req-1;ts:" + at + "000;"
	mercado := func(manifest, ts string) map[string]string {
		return map[string]string{"X-Request-Id": "req-1", "X-Signature": "ts=" + ts + ",v1=" +
			hex.EncodeToString(sha256MAC(secret(mp), manifest))}
	}

	bt := provider.Braintree()
	btPayload := b64([]byte("<notification><kind>check</kind></notification>")) + "\n"
	btKey := sha1.Sum([]byte(strings.TrimPrefix(secret(bt), "test-key-1|")))
	btForm := func(signed string) string {
		return url.Values{
			"bt_payload": {btPayload},
			"bt_signature": {"other-key|" + strings.Repeat("0", 40) + "&test-key-1|" +
				hex.EncodeToString(sha1MAC(string(btKey[:]), signed))},
		}.Encode()
	}

	const hook = "https://example.com/hooks?a=1"
	trello, square, hub3, mandrill := provider.Trello(), provider.Square(), provider.HubSpot(), provider.Mandrill()
	plivo3, twilio, adyen := provider.PlivoV3(), provider.Twilio(), provider.Adyen()
	bodySum := sha256.Sum256([]byte(json1))
	twilioJSON := hook + "&bodySHA256=" + hex.EncodeToString(bodySum[:])
	adyenKey, _ := hex.DecodeString(secret(adyen))
	adyenItem := func(reference string) string {
		sum := ownMAC(adyenKey, "psp-1::acc:"+reference+":10:EUR:AUTHORISATION:true")
		return `{"NotificationRequestItem":{"pspReference":"psp-1","merchantAccountCode":"acc","merchantReference":"` +
			reference +
			`","amount":{"value":10,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true","additionalData":{"hmacSignature":"` + b64(sum) + `"}}}`
	}

	all := []vector{
		own(cld1, "cloudinary", json1, cld(cldSum1[:])),
		own(cld256, "cloudinary-sha256", json1, cld(cldSum256[:])),
		own(midtrans, "midtrans", midBody, nil),
		own(uni, "unisender-go", uniBody(hex.EncodeToString(uniSum[:])), nil),
		atURL(own(mp, "mercado-pago", `{}`, mercado(mpManifest, at+"000")),
			"https://example.com/hooks?data.id=ABC123&type=payment"),
		atURL(own(mp, "mercado-pago-seconds-and-case", ``, mercado("id:ABC123;request-id:req-1;ts:"+at+";", at)),
			"https://example.com/hooks?data.id=ABC123"),
		atURL(own(mp, "mercado-pago-without-resource", ``, mercado("request-id:req-1;ts:"+at+";", at)),
			"https://example.com/hooks"),
		own(bt, "braintree", btForm(btPayload), map[string]string{"Content-Type": formType}),
		own(bt, "braintree-line", btForm(btPayload+"\n"), map[string]string{"Content-Type": formType}),
		atURL(own(trello, "trello", json1,
			map[string]string{"X-Trello-Webhook": b64(sha1MAC(secret(trello), json1+hook))}), hook),
		atURL(own(square, "square", json1,
			map[string]string{"X-Square-Hmacsha256-Signature": b64(sha256MAC(secret(square), hook+json1))}), hook),
		atURL(own(hub3, "hubspot", json1, map[string]string{
			"X-HubSpot-Request-Timestamp": at + "000",
			"X-HubSpot-Signature-v3":      b64(sha256MAC(secret(hub3), "POST"+hook+json1+at+"000")),
		}), hook),
		atURL(own(mandrill, "mandrill", "mandrill_events=%5B%7B%22event%22%3A%22send%22%7D%5D", map[string]string{
			"Content-Type":         formType,
			"X-Mandrill-Signature": b64(sha1MAC(secret(mandrill), hook+`mandrill_events[{"event":"send"}]`)),
		}), hook),
		atURL(own(plivo3, "plivo-v3", "To=2&From=1&To=1", map[string]string{
			"Content-Type": formType, "X-Plivo-Signature-V3-Nonce": "12345",
			"X-Plivo-Signature-V3": b64(sha256MAC(secret(plivo3),
				"https://example.com/hooks?a=x y&b=1.From1To1To2.12345")),
		}), "https://example.com/hooks?b=1&a=x%20y"),
		atURL(own(plivo3, "plivo-v3-no-query", "From=1", map[string]string{
			"Content-Type": formType, "X-Plivo-Signature-V3-Nonce": "12345",
			"X-Plivo-Signature-V3": b64(sha256MAC(secret(plivo3), "https://example.com/hooks?From1.12345")),
		}), "https://example.com/hooks"),
		atURL(own(twilio, "twilio-json", json1, map[string]string{
			"Content-Type":       "application/json",
			"X-Twilio-Signature": b64(sha1MAC(secret(twilio), strings.Replace(twilioJSON, ".com", ".com:443", 1))),
		}), twilioJSON),
		own(adyen, "adyen-two-items", `{"notificationItems":[`+adyenItem("a:b")+","+adyenItem("c")+`]}`, nil),
	}
	all = append(all, publicKeyVectors(own, at)...)
	for _, v := range all {
		wrong := v
		wrong.ID, wrong.Expect = v.ID+"-wrong-key", "invalid"
		e, _ := catalogue.ByName(v.Provider)
		wrong.Secret = configured(e.Sample(), 2)
		if v.Provider == "standard-webhooks" {
			wrong.Secret = "whpk_" + b64(privateKey(entry.Ed25519, 2).Public().(ed25519.PublicKey))
		}
		all = append(all, wrong)
	}
	return all
}

// publicKeyVectors are deliveries of senders with a key pair.
func publicKeyVectors(own func(core.Provider, string, string, map[string]string) vector, at string) []vector {
	b64 := base64.StdEncoding.EncodeToString
	body := "[{\"event\":\"open\",\"sg_event_id\":\"e1\"}]\r\n"
	ecKey := privateKey(entry.ECDSAP256SHA256, 1).(*ecdsa.PrivateKey)
	rsaKey := privateKey(entry.RSAPKCS1SHA256, 1).(*rsa.PrivateKey)
	edKey := privateKey(entry.Ed25519, 1).(ed25519.PrivateKey)
	sum := sha256.Sum256([]byte(at + body))
	ecSig, err := ecdsa.SignASN1(rand.Reader, ecKey, sum[:])
	if err != nil {
		panic(err)
	}
	bodySum := sha256.Sum256([]byte(body))
	bodySHA1 := sha1.Sum([]byte(body))
	rsaSHA1, err := rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA1, bodySHA1[:])
	if err != nil {
		panic(err)
	}
	rsaSig, err := rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA256, bodySum[:])
	if err != nil {
		panic(err)
	}
	discord := `{"id":"1","type":2}`
	standard := own(provider.StandardWebhooks(), "standard-webhooks-v1a", discord, map[string]string{
		"Webhook-Id": "msg_1", "Webhook-Timestamp": at,
		"Webhook-Signature": "v1a," + b64(ed25519.Sign(edKey, []byte("msg_1."+at+"."+discord))),
	})
	standard.Secret = "whpk_" + b64(edKey.Public().(ed25519.PublicKey))
	return []vector{
		own(provider.SendGrid(), "sendgrid", body, map[string]string{
			"X-Twilio-Email-Event-Webhook-Signature": b64(ecSig), "X-Twilio-Email-Event-Webhook-Timestamp": at,
		}),
		own(provider.PostalSHA1(), "postal-sha1", body, map[string]string{"X-Postal-Signature": b64(rsaSHA1)}),
		own(provider.Postal(), "postal", body, map[string]string{"X-Postal-Signature-256": b64(rsaSig)}),
		own(provider.Wise(), "wise", body, map[string]string{"X-Signature-SHA256": b64(rsaSig)}),
		own(provider.Discord(), "discord", discord, map[string]string{
			"X-Signature-Ed25519":   hex.EncodeToString(ed25519.Sign(edKey, []byte(at+discord))),
			"X-Signature-Timestamp": at,
		}),
		standard,
	}
}

// sameFields says that a change of the body changes nothing of what is signed, where decoded fields are signed: it is
// in a field that nothing signs, or another form of the same.
func sameFields(e *entry.Entry, headers map[string]string, before, after []byte) bool {
	s := e.Scheme
	if s == nil || e.Name == "mailgun" {
		return false
	}
	b, a := signedFields(e, headers, before), signedFields(e, headers, after)
	if b != nil && s.Signature.JSON != "" && !json.Valid(after) {
		return true // what is not signed is skipped by its brackets and quotes, not validated
	}
	return b != nil && reflect.DeepEqual(b, a)
}

// signedFields reads the signed fields with the standard library; nil where the body is signed as it is.
func signedFields(e *entry.Entry, headers map[string]string, body []byte) (fields []string) {
	s := e.Scheme
	isForm := strings.Contains(headers["Content-Type"], "form-urlencoded")
	form, formErr := url.ParseQuery(string(body))
	var doc any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&doc) != nil || d.More() {
		doc = nil
	}
	signature := s.Signature.JSON
	list := []any{doc}
	if object, ok := doc.(map[string]any); ok && s.Items != "" {
		list, _ = object[s.Items[1:]].([]any)
	}
	for _, part := range s.Signed {
		switch part.Kind {
		case entry.PartBody, entry.PartReplacedBody:
			return nil
		case entry.PartSortedForm:
			if isForm {
				if formErr != nil {
					return []string{"malformed", string(body)}
				}
				signature := form.Get(s.Signature.Form)
				for _, name := range part.Without {
					form.Del(name)
				}
				fields = append(fields, form.Encode(), signature)
			} else {
				return nil
			}
		case entry.PartForm:
			if formErr != nil || len(form[part.Text]) != 1 || len(form[s.Signature.Form]) != 1 {
				return []string{"malformed", string(body)}
			}
			// Only the pair of our own key counts; its digits have two cases.
			_, pair, _ := strings.Cut(form.Get(s.Signature.Form), "&")
			_, pair, _ = strings.Cut(pair, "|")
			fields = append(fields, form.Get(part.Text), strings.ToLower(pair))
		case entry.PartJSON, entry.PartTimestamp, entry.PartID:
			at := part.Text
			if part.Kind == entry.PartTimestamp {
				at = s.Timestamp.JSON
			}
			if at == "" && part.Kind != entry.PartJSON {
				continue
			}
			for _, item := range list {
				fields = append(fields, fmt.Sprint(lookup(item, at)),
					strings.ToLower(fmt.Sprint(lookup(item, signature))))
			}
		}
	}
	if fields == nil { // nothing of the body is signed
		return []string{""}
	}
	return fields
}

func lookup(doc any, pointer string) any {
	for _, name := range strings.Split(pointer, "/")[1:] {
		object, ok := doc.(map[string]any)
		if !ok {
			return nil
		}
		doc = object[name]
	}
	return doc
}
