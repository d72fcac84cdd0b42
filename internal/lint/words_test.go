package lint

import "testing"

func TestNamesOfSecrets(t *testing.T) {
	for name, want := range map[string]bool{
		"secret": true, "clientSecret": true, "SecretText": true, "secrets": true, "old_secret": true,
		"mac": true, "HMACKey": true, "macs": true, "MACs": true, "wantMAC": true, "MACOf": true,
		"X-Hub-Signature-256": true, "sig": true, "sigs": true, "sum256": true, "Sum256": true, "sha256Sum": true,
		"apiKey": true, "keyMaterial": true, "expected": true, "tokenOf": true, "passwd": true,

		"secretary": false, "macaroni": false, "machine": false, "signal": false, "significant": false,
		"summary": false,
		"assume":  false, "tokenize": false, "key": false, "material": false, "unexpectedly": false, "": false,
		"_":          false,
		"secretName": false, "SignaturePrefix": false, "macSize": false, "errBadSignature": true, "tokenErr": false,
	} {
		if got := isSecret(name); got != want {
			t.Errorf("isSecret(%q) = %v, split into %q", name, got, splitName(name))
		}
	}
}
