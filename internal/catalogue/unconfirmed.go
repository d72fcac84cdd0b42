package catalogue

// Unconfirmed says what no official source that was read confirms of an entry with confidence C; empty for the others.
// A delivery of one's own tells.
func (e Entry) Unconfirmed() string { return unconfirmed()[e.Name] }

func unconfirmed() map[string]string {
	return map[string]string{
		"flutterwave": "that the header is the HMAC of the body in base64: receivers of version 4 agree, and samples " +
			"that compare the header with the secret hash itself exist as well",
		"freescout": "the signature and how its key is made: the module's source is not public, and receivers that " +
			"quote it agree",
		"lob": "what is signed, and whether the time is in seconds or milliseconds: receivers differ in the unit, " +
			"and both are read",
		"lox24": "the header X-LOX24-Token: LOX24's page on notifications describes the event and names no " +
			"credential, and Symfony's bridge wants the header",
		"oura": "the signature, the window of its time and the handshake: receivers that cite Oura's pages agree",
		"recharge": "the form of the header, `t=` and `v1=`: Recharge's changelog names the time and the window, and " +
			"a third party that cites its documentation the rest",
		"recharge-legacy": "that the digest is the SHA-256 of the secret and the body: a third party that cites " +
			"Recharge's documentation says it",
	}
}
