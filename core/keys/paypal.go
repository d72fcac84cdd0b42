package keys

// PayPal pins the certificates that PayPal signs webhooks with; sandbox those of its sandbox. The names in them are
// those that PayPal's SDK for Java expects.
//
// https://github.com/paypal/PayPal-Java-SDK
func PayPal(sandbox bool) Pin {
	host := Host{Name: "api.paypal.com", CertificateNames: []string{"messageverificationcerts.paypal.com"}}
	if sandbox {
		host = Host{Name: "api.sandbox.paypal.com",
			CertificateNames: []string{"messageverificationcerts.sandbox.paypal.com"}}
	}
	return Pin{
		Hosts: []Host{host},
		Path:  Path{Prefix: "/v1/notifications/certs/CERT-", Alphabet: AlphabetHex + "-", MinName: 8, MaxName: 64},
	}
}
