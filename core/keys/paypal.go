package keys

// PayPal pins the certificates that PayPal signs webhooks with, or those of its sandbox. The names in the certificates
// are those that PayPal's SDK for Java expects. The two environments do not share a pin: anybody can have events signed
// in the sandbox.
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
