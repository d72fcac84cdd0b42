package catalogue

// tests are what Entry.Tests returns. They are facts of the senders' documentation, as the entries are.
func tests() map[string][]string {
	return map[string][]string{
		"adyen":        {"at the test in the Customer Area"},
		"airtable":     {"at the first change, and not when the webhook is created"},
		"alchemy":      {"at the Test button"},
		"azure-devops": {"at \"Test\""},
		"clerk":        {"at the test in the portal"},
		"customer-io":  {"at \"Send test\""},
		"hubspot":      {"at the Test button, always the same sample"},
		"logto":        {"at \"Send test payload\", one for each event"},
		"mailgun":      {"at \"Test\""},
		"mercado-pago": {"at \"Simulate\", signed with the panel's secret"},
		"midtrans":     {"at the test notification"},
		"mollie":       {"at the ping, of the type `hook.ping`"},
		"openai":       {"at the test event"},
		"paddle":       {"at a simulation"},
		"plaid":        {"at `/sandbox/item/fire_webhook`, in the sandbox"},
		"postmark":     {"at \"Test\", a sample of each event"},
		"quickbooks":   {"at the test notification"},
		"stripe":       {"at the ping of an event destination"},
		"svix":         {"at the test in the portal"},
		"twilio":       {"at the test of a sink of Event Streams"},
		"wise":         {"when the subscription is created, with the header `X-Test-Notification`"},
		"xendit":       {"at \"Test and save\""},
	}
}
