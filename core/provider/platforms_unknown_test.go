package provider_test

// platformsChosenByTheUser are the platforms whose secret is made up here and given to them.
func platformsChosenByTheUser() []string {
	return []string{
		"airship", "ashby", "auth0", "autodesk-aps", "cursor", "discourse", "documenso", "doppler", "expo",
		"fastspring", "ghost", "greenhouse",
		"harbor", "hcp-terraform",
		"helpscout", "hugging-face", "jfrog", "jfrog-token", "klaviyo", "mongodb-atlas", "nexus", "npm", "revenuecat",
		"ringcentral", "segment",
		"shippo-token",
		"snyk", "sonarqube", "storyblok", "tally", "vapi", "webex", "dwolla",
	}
}

// platformsUnknownHorizon explains why a platform's entry does not say how long it retries.
func platformsUnknownHorizon() map[string]string {
	const notRead = "not read in an official source"
	reasons := map[string]string{
		"dub":       "every day for as long as the webhook exists",
		"sendbird":  "up to three attempts, without a documented delay",
		"harbor":    "a setting of the instance",
		"hookdeck":  "a setting of the destination",
		"knock":     "eight attempts, without a documented schedule",
		"getstream": notRead,
		"tailscale": notRead,
		"orb":       notRead, "persona": "up to eight attempts, without a documented schedule",
		"smartcar":      "three retries within three minutes, which is less than a lease may last",
		"mongodb-atlas": notRead,
		"crisp":         "an attempt says its number and the limit; the schedule is not documented",
		"expo":          "a few more times, says the documentation, without a schedule",
		"lago":          "three attempts within seconds, which is less than a lease, and a setting of the instance",
		"logto":         "three retries within seconds, which is less than a lease",
		"livekit":       "a setting of the server, while the token counts",
	}
	for _, name := range []string{
		"adobe-sign", "affirm", "aftership", "airship", "auth0", "authorize-net", "autodesk-aps", "bolt",
		"documenso", "ebay", "fireblocks-legacy", "hygraph", "pandadoc",
		"doppler", "hugging-face", "klaviyo", "lob", "merge",
		"ordergroove", "brex", "castle", "checkr",
		"cronofy", "cursor",
		"deel", "dodo-payments", "etsy", "fastspring", "hcp-terraform", "helpscout", "jfrog", "jfrog-token",
		"lithic",
		"npm", "onfido", "pusher", "render", "ringcentral", "shippo", "shippo-token", "snyk", "squarespace", "tally",
		"vapi",
		"veriff",
		"webex",
	} {
		reasons[name] = notRead
	}
	return reasons
}

// platformsUnknownAckLimit are the platforms of which no official source says how long they wait.
func platformsUnknownAckLimit() []string {
	return []string{
		"ably", "adobe-sign", "alipay", "authorize-net", "ebay", "hygraph",
		"affirm", "aftership", "airship", "cashfree", "documenso", "doppler", "hugging-face", "klaviyo",
		"lob", "merge", "ordergroove", "btcpay-server", "crisp", "expo", "livekit", "onfido",
		"airwallex", "ashby", "auth0", "autodesk-aps", "bigcommerce", "bolt", "brex",
		"castle",
		"checkr", "circle", "cronofy", "cursor", "deel", "dodo-payments", "dub", "etsy", "fastspring",
		"gemini", "getstream",
		"greenhouse", "harbor", "hcp-terraform", "helpscout", "hookdeck", "incident-io", "jfrog", "jfrog-token",
		"knock", "linkedin", "lithic",
		"mongodb-atlas", "nexus", "npm", "onfleet", "orb", "pusher", "render", "ringcentral", "segment",
		"shippo",
		"shippo-token", "snyk", "squarespace", "tailscale", "tiktok", "vapi", "veriff", "webex",
	}
}

// platformsGoldenBodies are those of [goldenBodies] for platforms.
func platformsGoldenBodies() map[string]string {
	return map[string]string{
		"alipay":            "notify_id=n1&notify_type=trade_status_sync&trade_status=TRADE_SUCCESS&total_amount=88.88",
		"ebay":              `{"metadata":{"topic":"MARKETPLACE_ACCOUNT_DELETION"},"notification":{"notificationId":"e1"}}`,
		"google-play":       `{"message":{"messageId":"m1","data":"e30="},"subscription":"s1"}`,
		"keygen":            `{"data":{"id":"k1","attributes":{"event":"license.created"}}}`,
		"hygraph":           `{"operation":"publish","data":{"__typename":"Post","id":"c1"}}`,
		"btcpay-server":     `{"deliveryId":"d2","originalDeliveryId":"d1","type":"InvoiceSettled","storeId":"s1"}`,
		"crisp":             `{"website_id":"w1","event":"message:send","data":{"content":"hi"},"timestamp":1790000000000}`,
		"expo":              `{"id":"b1","accountName":"jo","buildDetailsPageUrl":"https://expo.dev/b1","status":"finished"}`,
		"lago":              `{"webhook_type":"customer.updated","customer":{"updated_at":"2026-09-21T14:13:10Z"}}`,
		"logto":             `{"hookId":"h1","event":"PostSignIn","createdAt":"2026-09-21T14:13:10.000Z"}`,
		"livekit":           `{"event":"room_started","room":{"sid":"RM_1"},"id":"EV_1","createdAt":"1790000000"}`,
		"onfido":            `{"payload":{"resource_type":"check","action":"check.completed","object":{"id":"c1"}}}`,
		"plane":             `{"version":"v2","delivery_id":"d1","event_id":"e1","event":"workitem.created"}`,
		"firecrawl":         `{"success":true,"type":"crawl.page","id":"j1","data":[{"markdown":"hi"}]}`,
		"authorize-net":     `{"notificationId":"n1","eventType":"net.authorize.payment.authcapture.created"}`,
		"fireblocks-legacy": `{"id":"e1","eventType":"transaction.created","workspaceId":"w1"}`,
		"kick":              `{"broadcaster":{"user_id":1},"content":"hi"}`,
		"tiktok-shop":       `{"type":1,"tts_notification_id":"t1","shop_id":"s1"}`,
		"pandadoc":          `[{"event":"document_state_changed","data":{"id":"d1","status":"document.completed"}}]`,
		"auth0":             `[{"log_id":"l1","data":{"type":"s"}}]`,
		"circle":            `{"notificationId":"n1","notificationType":"webhooks.test"}`,
		"fastspring":        `{"events":[{"id":"f1","type":"order.completed"}]}`,
		"onfleet":           `{"taskId":"t1","triggerId":3,"time":5}`,
		"segment":           `{"messageId":"m1","type":"track"}`, "revenuecat": `{"event":{"id":"r1","type":"TEST"}}`,
		"persona":          `{"data":{"id":"p1","attributes":{"name":"inquiry.completed"}}}`,
		"pusher":           `{"time_ms":5,"events":[{"name":"channel_occupied","channel":"c"}]}`,
		"airship":          `{"values":[{"push_id":"p1","target":{"address":"a"}}]}`,
		"klaviyo":          `{"data":[{"external_id":"e1","topic":"event:klaviyo.opened_email","payload":{}}],"meta":{}}`,
		"maxio":            "id=1&event=signup_success&payload[site][id]=1",
		"tally":            `{"eventId":"t1","eventType":"FORM_RESPONSE"}`,
		"ably":             `{"items":[{"name":"channel.message","data":{}}]}`,
		"tailscale":        `[{"type":"test","timestamp":"2026-03-01T12:00:00Z"}]`,
		"apple-app-store":  `{"notificationUUID":"u1","notificationType":"TEST"}`,
		"constant-contact": `{"event_type":"tier.increase","api_key":"40a0b12-342b-436d-97c3-000000000000"}`,
		"fireblocks":       `{"id":"f1","eventType":"transaction.created","workspaceId":"4f6a0c2e-6f1b-4f0e-9a53-0f1f8e1d2c3b"}`,
		"kinde":            `{"event_id":"event_1","type":"user.created"}`,
		"truelayer":        `{"event_id":"t1","type":"payment_executed"}`,
		"wix":              `{"eventType":"wix.ecom.v1.order_created","instanceId":"i1","data":{"id":"e1"}}`,
	}
}
