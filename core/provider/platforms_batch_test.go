package provider_test

// platformsBatchRows are those of [batchRows] for platforms.
func platformsBatchRows() map[string]batchRow {
	return map[string]batchRow{
		"ably": {
			`{"items":[`, `]}`,
			`{"webhookId":"w","name":"channel.message","serial":"a:1","timestamp":1772366400000,"data":{"a":1}}`,
			`{"webhookId":"w","name":"channel.presence","serial":"a:2","timestamp":1772366400000,"data":{"a":2}}`,
			[2]item{{"", "channel.message", "", true, `{"a":1}`}, {"", "channel.presence", "", true, `{"a":2}`}},
		},
		"airship": {
			`{"values":[`, `]}`,
			`{"push_id":"p1","target":{"address":"a","identifiers":{}},"payload":{"alert":"1"}}`,
			`{"push_id":"p1","target":{"address":"b","identifiers":{}},"payload":{"alert":"2"}}`,
			[2]item{{"", "push", "", false, `{"alert":"1"}`}, {"", "push", "", false, `{"alert":"2"}`}},
		},
		"klaviyo": {
			`{"data":[`, `],"meta":{"timestamp":"2026-03-01T12:00:00+00:00","klaviyo_account_id":"a","version":"2024-07-15"}}`,
			`{"external_id":"1","topic":"event:klaviyo.opened_email","payload":{"a":1}}`,
			`{"external_id":"2","topic":"event:klaviyo.clicked_email","payload":{"a":2}}`,
			[2]item{
				{"1", "event:klaviyo.opened_email", "", false, `{"a":1}`},
				{"2", "event:klaviyo.clicked_email", "", false, `{"a":2}`},
			},
		},
		"auth0": {
			`[`, `]`,
			`{"log_id":"1","data":{"date":"2026-03-01T12:00:00.000Z","type":"s"}}`,
			`{"log_id":"2","data":{"date":"2026-03-01T12:00:00.000Z","type":"f"}}`,
			[2]item{
				{"1", "s", "", true, `{"date":"2026-03-01T12:00:00.000Z","type":"s"}`},
				{"2", "f", "", true, `{"date":"2026-03-01T12:00:00.000Z","type":"f"}`},
			},
		},
		"fastspring": {
			`{"events":[`, `]}`,
			`{"id":"1","live":true,"type":"order.completed","created":1772366400000,"data":{"a":1}}`,
			`{"id":"2","live":true,"type":"order.failed","created":1772366400000,"data":{"a":2}}`,
			[2]item{{"1", "order.completed", "", true, `{"a":1}`}, {"2", "order.failed", "", true, `{"a":2}`}},
		},
		"pandadoc": {
			`[`, `]`,
			`{"event":"document_state_changed","data":{"id":"d1","status":"document.completed"}}`,
			`{"event":"recipient_completed","data":{"id":"d1"}}`,
			[2]item{{"", "document_state_changed", "", false, `{"id":"d1","status":"document.completed"}`},
				{"", "recipient_completed", "", false, `{"id":"d1"}`}},
		},
		"pusher": {
			`{"time_ms":1772366400000,"events":[`, `]}`,
			`{"name":"channel_occupied","channel":"a"}`,
			`{"name":"channel_vacated","channel":"b"}`,
			[2]item{{"", "channel_occupied", "", false, ""}, {"", "channel_vacated", "", false, ""}},
		},
		"tailscale": {
			`[`, `]`,
			`{"timestamp":"2026-03-01T12:00:00Z","version":1,"type":"nodeCreated","tailnet":"example.com","data":{"a":1}}`,
			`{"timestamp":"2026-03-01T12:00:00Z","version":1,"type":"nodeDeleted","tailnet":"example.com","data":{"a":2}}`,
			[2]item{{"", "nodeCreated", "", true, `{"a":1}`}, {"", "nodeDeleted", "", true, `{"a":2}`}},
		},
	}
}
