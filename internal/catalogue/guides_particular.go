package catalogue

// particularGuides are the guides of senders that do one thing in a way of their own.
func particularGuides() map[string]Guide {
	return map[string]Guide{
		"pandadoc": {Notes: []string{
			"PandaDoc adds `?signature=` to the URL by itself. Let no log of a proxy keep queries for long.",
		}},
	}
}
