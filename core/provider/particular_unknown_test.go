package provider_test

// particularChosenByTheUser are the senders of their own way whose secret is made up here and given to them.
func particularChosenByTheUser() []string { return nil }

// particularUnknownHorizon explains why such a sender's entry does not say how long it retries.
func particularUnknownHorizon() map[string]string {
	const notRead = "not read in an official source"
	return map[string]string{"pandadoc": notRead}
}

// particularUnknownAckLimit are those of which no official source says how long they wait.
func particularUnknownAckLimit() []string { return nil }

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
		"pandadoc": `[{"event":"document_state_changed","data":{"id":"d1","status":"document.completed"}}]`,
	}
}
