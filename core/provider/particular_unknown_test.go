package provider_test

// particularChosenByTheUser are the senders of their own way whose secret is made up here and given to them.
func particularChosenByTheUser() []string { return nil }

// particularUnknownHorizon explains why such a sender's entry does not say how long it retries.
func particularUnknownHorizon() map[string]string {
	const notRead = "not read in an official source"
	reasons := map[string]string{}
	for _, name := range []string{"adobe-sign", "authorize-net", "ebay", "fireblocks-legacy", "hygraph", "pandadoc"} {
		reasons[name] = notRead
	}
	return reasons
}

// particularUnknownAckLimit are those of which no official source says how long they wait.
func particularUnknownAckLimit() []string {
	return []string{"adobe-sign", "alipay", "authorize-net", "ebay", "hygraph"}
}

// particularBatchRows are the rows of such senders whose deliveries hold several events.
func particularBatchRows() map[string]batchRow {
	return map[string]batchRow{
		"pandadoc": {
			`[`, `]`,
			`{"event":"document_state_changed","data":{"id":"d1","status":"document.completed"}}`,
			`{"event":"recipient_completed","data":{"id":"d1"}}`,
			[2]item{{"", "document_state_changed", "", false, `{"id":"d1","status":"document.completed"}`},
				{"", "recipient_completed", "", false, `{"id":"d1"}`}},
		},
	}
}

// particularGoldenBodies are those of [goldenBodies] for such senders.
func particularGoldenBodies() map[string]string {
	return map[string]string{
		"alipay":            "notify_id=n1&notify_type=trade_status_sync&trade_status=TRADE_SUCCESS&total_amount=88.88",
		"ebay":              `{"metadata":{"topic":"MARKETPLACE_ACCOUNT_DELETION"},"notification":{"notificationId":"e1"}}`,
		"google-play":       `{"message":{"messageId":"m1","data":"e30="},"subscription":"s1"}`,
		"keygen":            `{"data":{"id":"k1","attributes":{"event":"license.created"}}}`,
		"hygraph":           `{"operation":"publish","data":{"__typename":"Post","id":"c1"}}`,
		"authorize-net":     `{"notificationId":"n1","eventType":"net.authorize.payment.authcapture.created"}`,
		"fireblocks-legacy": `{"id":"e1","eventType":"transaction.created","workspaceId":"w1"}`,
		"kick":              `{"broadcaster":{"user_id":1},"content":"hi"}`,
		"tiktok-shop":       `{"type":1,"tts_notification_id":"t1","shop_id":"s1"}`,
		"pandadoc":          `[{"event":"document_state_changed","data":{"id":"d1","status":"document.completed"}}]`,
	}
}
