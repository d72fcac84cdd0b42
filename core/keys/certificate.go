package keys

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
)

// certified is the key of a certificate, with the time in which its whole chain is valid. The zero times of a plain
// public key mean that it has no such limits.
type certified struct {
	key       crypto.PublicKey
	notBefore time.Time
	notAfter  time.Time
}

func (c certified) validAt(t time.Time) bool { return !t.Before(c.notBefore) && !t.After(c.notAfter) }

// verify reads the certificates that a host served, the leaf first, and verifies the leaf. It fails closed: a file in
// which any certificate is malformed is refused. Revocation is not checked, because the answer would be another fetch
// that an attacker can block.
func (p *Pin) verify(d *fetch.Response, host Host, roots *x509.CertPool, now time.Time) (certified, error) {
	certs, err := parseCertificates(d.Body)
	if err != nil {
		return certified{}, err
	}
	leaf := certs[0]
	// An authority's key signs certificates, not messages.
	if leaf.IsCA {
		return certified{}, errors.New("the certificate is that of an authority")
	}
	// Without the extension (0) a key may be used for anything: RFC 5280, section 4.2.1.3.
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return certified{}, errors.New("the certificate is not for signatures")
	}
	// Compared as strings: VerifyHostname would accept a wildcard, and *.example.com may belong to several services.
	if !slices.ContainsFunc(leaf.DNSNames,
		func(name string) bool { return slices.Contains(host.CertificateNames, name) }) {
		return certified{}, fmt.Errorf("the certificate is for %s, not for %s",
			quote(strings.Join(leaf.DNSNames, ", ")), strings.Join(host.CertificateNames, " or "))
	}
	// Checked before the chain, which is the expensive part.
	key, err := accept(leaf.PublicKey)
	if err != nil {
		return certified{}, err
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots:         firstPool(p.Roots, roots),
		Intermediates: p.helpers(certs[1:], d.Peers),
		CurrentTime:   now,
		KeyUsages:     p.KeyUsages,
	})
	if err != nil {
		return certified{}, fmt.Errorf("the certificate is not valid: %w", err)
	}
	// A chain is valid while all of its certificates are. Of several chains the one that lasts longest counts: Verify
	// accepts any of them.
	c := certified{key: key}
	for _, chain := range chains {
		notBefore, notAfter := leaf.NotBefore, leaf.NotAfter
		for _, cert := range chain {
			if cert.NotBefore.After(notBefore) {
				notBefore = cert.NotBefore
			}
			if cert.NotAfter.Before(notAfter) {
				notAfter = cert.NotAfter
			}
		}
		if notAfter.After(c.notAfter) {
			c.notBefore, c.notAfter = notBefore, notAfter
		}
	}
	return c, nil
}

// helpers returns the certificates that may help to build the chain: those of the pin, of the file, and of the
// connection, which are often of the same authority. None of them is trusted by being here: Verify only uses them on
// the way to a root.
func (p *Pin) helpers(served, peers []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	if p.Intermediates != nil {
		pool = p.Intermediates.Clone()
	}
	for _, c := range served {
		pool.AddCert(c)
	}
	for i, c := range peers {
		if i > 0 && i <= maxPEMBlocks { // the first is the leaf of the connection
			pool.AddCert(c)
		}
	}
	return pool
}

// firstPool returns the first pool that is set. nil stands for the roots of the system.
func firstPool(pools ...*x509.CertPool) *x509.CertPool {
	for _, p := range pools {
		if p != nil {
			return p
		}
	}
	return nil
}
