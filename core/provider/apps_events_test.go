package provider_test

import (
	"encoding/base64"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// appEventRows say what the events of payments, chat, apps and cloud carry. Batches are not here: what their items say
// is written where they are split.
func appEventRows() []eventRow {
	type headers = map[string]string
	moment := time.Unix(ownTime, 0).UTC()
	all := core.Authenticated{ID: true, Type: true, Time: true}
	idAndType := core.Authenticated{ID: true, Type: true}
	typeAndTime := core.Authenticated{Type: true, Time: true}
	typeOnly := core.Authenticated{Type: true}
	return []eventRow{
		{
			"woocommerce", provider.WooCommerce(), `{"id":7}`,
			headers{"X-Wc-Webhook-Topic": "order.created", "X-Wc-Webhook-Delivery-Id": "9f",
				"X-Wc-Webhook-Source": "https://a.example/"},
			core.Event{ID: "9f", Type: "order.created", Tenant: "https://a.example/"}, false,
		},
		{
			"lemon squeezy takes the body's name", provider.LemonSqueezy(),
			`{"meta":{"event_name":"order_created"},"data":{"id":"1"}}`, headers{"X-Event-Name": "order_refunded"},
			core.Event{Type: "order_created", Data: []byte(`{"id":"1"}`), Authenticated: typeOnly}, false,
		},
		{
			"razorpay", provider.Razorpay(),
			`{"event":"payment.captured","created_at":1772366400,"payload":{"payment":{}}}`,
			headers{"X-Razorpay-Event-Id": "E1"},
			core.Event{ID: "E1", Type: "payment.captured", Time: moment, Data: []byte(`{"payment":{}}`),
				Authenticated: typeAndTime}, false,
		},
		{
			"paystack", provider.Paystack(), `{"event":"charge.success","data":{"id":1}}`, nil,
			core.Event{Type: "charge.success", Data: []byte(`{"id":1}`), Authenticated: typeOnly}, false,
		},
		{
			"coinbase commerce", provider.CoinbaseCommerce(),
			`{"id":1,"attempt_number":2,"event":{"id":"24934862","type":"charge:created","created_at":"2026-03-01T12:00:00Z","data":{"code":"66"}}}`, nil,
			core.Event{ID: "24934862", Type: "charge:created", Time: moment, Attempt: 2, Data: []byte(`{"code":"66"}`),
				Authenticated: all}, false,
		},
		{
			"mollie", provider.Mollie(),
			`{"resource":"event","id":"event_1","type":"payment-link.paid","createdAt":"2026-03-01T12:00:00Z"}`, nil,
			core.Event{ID: "event_1", Type: "payment-link.paid", Time: moment, Authenticated: all}, false,
		},
		{
			"modern treasury", provider.ModernTreasury(), `{"event":"created","data":{"id":"1"}}`,
			headers{"X-Topic": "payment_order", "X-Event-Id": "E1"},
			core.Event{ID: "E1", Type: "payment_order", Action: "created", Data: []byte(`{"id":"1"}`)}, false,
		},
		{
			"modern treasury, webhook id", provider.ModernTreasury(), `{"event":"created","data":{"id":"1"}}`,
			headers{"X-Topic": "payment_order", "X-Webhook-Id": "W1"},
			core.Event{ID: "W1", Type: "payment_order", Action: "created", Data: []byte(`{"id":"1"}`)}, false,
		},
		{
			"checkout.com", provider.CheckoutCom(), `{"id":"evt_1","type":"payment_approved","data":{"id":"pay_1"}}`,
			nil,
			core.Event{ID: "evt_1", Type: "payment_approved", Data: []byte(`{"id":"pay_1"}`), Authenticated: idAndType},
			false,
		},
		{
			"adyen's platform", provider.AdyenPlatform(),
			`{"type":"balancePlatform.transfer.created","timestamp":"2026-03-01T12:00:00Z","data":{"id":"1"}}`, nil,
			core.Event{Type: "balancePlatform.transfer.created", Time: moment, Data: []byte(`{"id":"1"}`),
				Authenticated: typeAndTime}, false,
		},
		{
			"paddle", provider.Paddle(),
			`{"event_id":"evt_1","event_type":"transaction.paid","occurred_at":"2026-03-01T12:00:00Z","data":{"id":"txn_1"}}`, nil,
			core.Event{ID: "evt_1", Type: "transaction.paid", Time: moment, Data: []byte(`{"id":"txn_1"}`),
				Authenticated: all}, false,
		},
		{
			"revolut", provider.Revolut(),
			`{"event":"TransactionStateChanged","timestamp":"2026-03-01T12:00:00Z","data":{"id":"1"}}`, nil,
			core.Event{Type: "TransactionStateChanged", Time: moment, Data: []byte(`{"id":"1"}`),
				Authenticated: typeAndTime}, false,
		},
		{
			"coinbase's platform", provider.CoinbaseCDP(), `{"eventType":"onramp.transaction.created"}`,
			headers{"X-Event-Id": "1", "X-Event-Type": "other"},
			core.Event{ID: "1", Type: "onramp.transaction.created", Authenticated: typeOnly}, false,
		},
		{
			"polar", provider.Polar(), `{"type":"order.paid","timestamp":"2026-03-01T12:00:00Z","data":{"id":"1"}}`,
			headers{"Webhook-Id": "1"},
			core.Event{ID: "1", Type: "order.paid", Time: moment, Data: []byte(`{"id":"1"}`), Authenticated: all},
			false,
		},
		{
			"increase", provider.Increase(),
			`{"id":"event_1","category":"transaction.created","created_at":"2026-03-01T12:00:00Z"}`,
			headers{"Webhook-Id": "1"},
			core.Event{ID: "1", Type: "transaction.created", Time: moment, Authenticated: all}, false,
		},
		{
			"xendit", provider.Xendit(), `{"event":"payment.succeeded","created":"2026-03-01T12:00:00Z"}`,
			headers{"Webhook-Id": "1"},
			core.Event{ID: "1", Type: "payment.succeeded", Time: moment, Authenticated: all}, false,
		},
		{
			"chargebee", provider.Chargebee(),
			`{"id":"ev_1","event_type":"customer_created","occurred_at":1772366400,"content":{"customer":{}}}`, nil,
			core.Event{ID: "ev_1", Type: "customer_created", Time: moment, Data: []byte(`{"customer":{}}`),
				Authenticated: all}, false,
		},
		{
			"viber", provider.Viber(),
			`{"event":"delivered","timestamp":1772366400000,"message_token":4912661846655238145}`, nil,
			core.Event{ID: "4912661846655238145", Type: "delivered", Time: moment, Authenticated: all}, false,
		},
		{
			"zoom", provider.Zoom(), `{"event":"meeting.started","event_ts":1772366400000,"payload":{"object":{}}}`,
			nil,
			core.Event{Type: "meeting.started", Time: moment, Data: []byte(`{"object":{}}`),
				Authenticated: typeAndTime}, false,
		},
		{
			"teams", provider.MSTeams(), `{"type":"message","id":"1485983408511","timestamp":"2026-03-01T12:00:00Z"}`,
			nil,
			core.Event{ID: "1485983408511", Type: "message", Time: moment, Authenticated: all}, true,
		},
		{
			"intercom", provider.Intercom(),
			`{"id":"notif_1","topic":"user.created","created_at":1772366400,"delivery_attempts":2,"data":{"item":{"id":"5"}}}`, nil,
			core.Event{ID: "notif_1", Type: "user.created", Time: moment, Attempt: 2, Data: []byte(`{"id":"5"}`),
				Authenticated: all}, false,
		},
		{
			"sinch", provider.Sinch(), `{"type":"recipient_delivery_report_sms","at":"2026-03-01T12:00:00Z"}`, nil,
			core.Event{Type: "recipient_delivery_report_sms", Time: moment, Authenticated: typeAndTime}, false,
		},
		{
			"sinch numbers", provider.SinchNumbers(), `{"eventId":"01hpa","eventType":"PROVISIONING_TO_SMS_PLATFORM"}`,
			nil,
			core.Event{ID: "01hpa", Type: "PROVISIONING_TO_SMS_PLATFORM", Authenticated: idAndType}, false,
		},
		{
			"x, a mention by somebody who was blocked", provider.XTwitter(),
			`{"for_user_id":"2","user_has_blocked":"false","is_blocked_by":"1","tweet_create_events":[]}`, nil,
			core.Event{Type: "tweet_create_events", Authenticated: typeOnly}, false,
		},
		{
			"sinch, a message that came in", provider.Sinch(),
			`{"id":"1","type":"mo_text","received_at":"2026-03-01T12:00:00Z"}`, nil,
			core.Event{Type: "mo_text", Time: moment, Authenticated: typeAndTime}, false,
		},
		{
			"sinch, a conversation", provider.Sinch(),
			`{"app_id":"1","accepted_time":"2026-03-01T12:00:00Z","event_time":"2026-03-01T12:00:00Z","project_id":"2",` +
				`"message_metadata":"","correlation_id":"","channel_metadata":"","message_delivery_report":{"status":"DELIVERED"}}`, nil,
			core.Event{Type: "message_delivery_report", Time: moment, Authenticated: typeAndTime}, false,
		},
		{
			"cronofy", provider.Cronofy(),
			`{"notification":{"type":"scheduling_request_time_chosen","triggered_at":"2026-03-01T12:00:00Z"}}`, nil,
			core.Event{Type: "scheduling_request_time_chosen", Time: moment, Authenticated: typeAndTime}, true,
		},
		{
			"coinbase's platform, a wallet", provider.CoinbaseCDP(),
			`{"eventId":"1","eventType":"wallet.activity.detected","timestamp":"2026-03-01T12:00:00Z"}`,
			headers{"X-Event-Id": "2"},
			core.Event{ID: "1", Type: "wallet.activity.detected", Time: moment, Authenticated: all}, false,
		},
		{
			"coinbase's platform, a transfer", provider.CoinbaseCDP(),
			`{"eventID":"1","eventType":"payments.transfers.quoted","timestamp":"2026-03-01T12:00:00Z"}`, nil,
			core.Event{ID: "1", Type: "payments.transfers.quoted", Time: moment, Authenticated: all}, false,
		},
		{
			"x", provider.XTwitter(), `{"for_user_id":"2244994945","tweet_create_events":[]}`, nil,
			core.Event{Type: "tweet_create_events", Authenticated: typeOnly}, false,
		},
		{
			"zendesk", provider.Zendesk(), `{"type":"zen:event-type:ticket.created","time":"2026-03-01T12:00:00Z"}`,
			headers{"X-Zendesk-Webhook-Invocation-Id": "01GR"},
			core.Event{ID: "01GR", Type: "zen:event-type:ticket.created", Time: moment, Authenticated: typeAndTime},
			false,
		},
		{
			"zendesk, an event with an id of its own", provider.Zendesk(),
			`{"id":"2b24","type":"zen:event-type:user.created","time":"2026-03-01T12:00:00Z","zendesk_event_version":"2022-06-20"}`,
			headers{"X-Zendesk-Webhook-Invocation-Id": "01GR"},
			core.Event{ID: "2b24", Type: "zen:event-type:user.created", Time: moment, Authenticated: all}, false,
		},
		{
			"zendesk, a trigger's own body", provider.Zendesk(), `{"id":"35436"}`,
			headers{"X-Zendesk-Webhook-Invocation-Id": "01GR"}, core.Event{ID: "01GR"}, false,
		},
		{
			"checkout.com", provider.CheckoutCom(),
			`{"id":"evt_1","type":"payment_approved","created_on":"2026-03-01T12:00:00.0000000Z","data":{"id":"pay_1"}}`, nil,
			core.Event{ID: "evt_1", Type: "payment_approved", Time: moment, Data: []byte(`{"id":"pay_1"}`),
				Authenticated: all}, false,
		},
		{
			"front", provider.Front(), `{"type":"inbound_received","payload":{"id":"evt_1","emitted_at":1772366400.5}}`,
			nil,
			core.Event{ID: "evt_1", Type: "inbound_received", Time: moment.Add(time.Second / 2), Authenticated: all},
			false,
		},
		{
			"typeform", provider.Typeform(),
			`{"event_id":"LtWXD3crgy","event_type":"form_response","form_response":{"submitted_at":"2026-03-01T12:00:00Z"}}`, nil,
			core.Event{ID: "LtWXD3crgy", Type: "form_response", Time: moment,
				Data: []byte(`{"submitted_at":"2026-03-01T12:00:00Z"}`), Authenticated: all}, false,
		},
		{
			"cal.com", provider.CalCom(),
			`{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-03-01T12:00:00.000Z","payload":{"uid":"1"}}`, nil,
			core.Event{Type: "BOOKING_CREATED", Time: moment, Data: []byte(`{"uid":"1"}`), Authenticated: typeAndTime},
			false,
		},
		{
			"dropbox", provider.Dropbox(), `{"list_folder":{"accounts":["dbid:1"]},"delta":{"users":[1]}}`, nil,
			core.Event{Type: "list_folder", Authenticated: typeOnly}, true,
		},
		{
			"box", provider.Box(),
			`{"type":"webhook_event","id":"0f66","created_at":"2026-03-01T04:00:00-08:00","trigger":"FILE.UPLOADED","source":{"id":"1"}}`, nil,
			core.Event{ID: "0f66", Type: "FILE.UPLOADED", Time: moment, Data: []byte(`{"id":"1"}`), Authenticated: all},
			false,
		},
		{
			"docusign", provider.DocuSign(),
			`{"event":"envelope-completed","generatedDateTime":"2026-03-01T12:00:00.0000000Z","data":{"envelopeId":"1"}}`, nil,
			core.Event{Type: "envelope-completed", Time: moment, Data: []byte(`{"envelopeId":"1"}`),
				Authenticated: typeAndTime}, false,
		},
		{
			"twitch takes type and status from the body", provider.Twitch(),
			`{"subscription":{"type":"channel.follow","status":"authorization_revoked"},"event":{"user_id":"1"}}`,
			headers{"Twitch-Eventsub-Message-Id": "1", "Twitch-Eventsub-Message-Type": "notification",
				"Twitch-Eventsub-Subscription-Type": "stream.online"},
			core.Event{ID: "1", Type: "channel.follow", Action: "authorization_revoked",
				Data: []byte(`{"user_id":"1"}`), Authenticated: idAndType}, false,
		},
		{
			"webflow", provider.Webflow(), `{"triggerType":"form_submission","payload":{"id":"1"}}`, nil,
			core.Event{ID: "1", Type: "form_submission", Data: []byte(`{"id":"1"}`), Authenticated: idAndType}, false,
		},
		{
			"alchemy", provider.Alchemy(),
			`{"id":"whevt_1","type":"ADDRESS_ACTIVITY","createdAt":"2026-03-01T12:00:00.000Z","event":{"network":"ETH_MAINNET"}}`, nil,
			core.Event{ID: "whevt_1", Type: "ADDRESS_ACTIVITY", Time: moment, Data: []byte(`{"network":"ETH_MAINNET"}`),
				Authenticated: all}, false,
		},
		{"quicknode", provider.QuickNode(), `{"blocks":[]}`, headers{"X-Qn-Nonce": "n1"}, core.Event{}, false},
		{
			"a google channel", provider.GooglePushChannels(), `{}`,
			headers{"X-Goog-Resource-State": "update", "X-Goog-Changed": "content"},
			core.Event{Type: "update", Action: "content", Authenticated: typeOnly}, false,
		},
		{
			"eventbridge", provider.AWSEventBridge(),
			`{"id":"6a7e8feb","detail-type":"EC2 Instance State-change Notification","time":"2026-03-01T12:00:00Z","detail":{"state":"terminated"}}`, nil,
			core.Event{ID: "6a7e8feb", Type: "EC2 Instance State-change Notification", Time: moment,
				Data: []byte(`{"state":"terminated"}`), Authenticated: all}, false,
		},
	}
}
