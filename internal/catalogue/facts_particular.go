package catalogue

// particularFacts are the facts of the entries of senders that do one thing in a way of their own.
func particularFacts() map[string]Fact {
	return map[string]Fact{
		"pandadoc": {"2026-11-29", "", "provider.PandaDoc()"},
	}
}
