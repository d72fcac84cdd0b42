package jws

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// chains verifies certificates that deliveries bring, up to roots that the entry pins. It is safe for concurrent use.
type chains struct {
	roots              []*x509.Certificate
	pool               *x509.CertPool        // the same
	leafMark, interims asn1.ObjectIdentifier // the extensions by which the sender marks what a certificate is for

	last atomic.Pointer[goodChain] // a sender uses one chain for years
}

// goodChain is a chain that was verified, and when all of it is valid.
type goodChain struct {
	sum      [sha256.Size]byte
	key      *ecdsa.PublicKey
	from, to time.Time
}

// newChains reads the roots, each in DER or in PEM. The error names every mistake.
func newChains(roots [][]byte, leafMark, intermediateMark asn1.ObjectIdentifier) (*chains, error) {
	c := &chains{pool: x509.NewCertPool(), leafMark: leafMark, interims: intermediateMark}
	var mistakes []error
	if len(roots) == 0 {
		mistakes = append(mistakes, errors.New("there is no root certificate: nothing else vouches for a chain"))
	}
	for i, data := range roots {
		root, err := parseRoot(data)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("root %d: %w", i+1, err))
			continue
		}
		c.roots = append(c.roots, root)
		c.pool.AddCert(root)
	}
	return c, errors.Join(mistakes...)
}

// parseRoot reads a root: one certificate of an authority that signed itself. It fails closed on every other, because a
// leaf or an intermediate that is pinned by mistake would vouch for what it must not.
func parseRoot(data []byte) (*x509.Certificate, error) {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "-----BEGIN") {
		block, rest := pem.Decode(data)
		if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
			return nil, errors.New("it is not one certificate in PEM")
		}
		data = block.Bytes
	}
	root, err := x509.ParseCertificate(data)
	switch {
	case err != nil:
		return nil, errors.New("it is not a certificate in DER or PEM")
	case !root.BasicConstraintsValid || !root.IsCA:
		return nil, errors.New("it is not the certificate of an authority")
	case root.CheckSignatureFrom(root) != nil:
		return nil, errors.New("it did not sign itself, so it is not a root")
	}
	return root, nil
}

// Key fails: a chain is not named by a text. It makes chains the entry's own source of keys.
func (c *chains) Key(context.Context, string) (crypto.PublicKey, error) {
	return nil, entry.ErrKeyRefused
}

// leaf returns the key of the first certificate, if the chain leads from it over exactly the second one to a pinned
// root, all of it is valid now, and the marks say what the two are for. What the sender gives as the root is not looked
// at. Everything else is refused.
func (c *chains) leaf(der [][]byte, now time.Time) (*ecdsa.PublicKey, error) {
	h := sha256.New()
	_, _ = h.Write(der[0])
	_, _ = h.Write(der[1])
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	if good := c.last.Load(); good != nil && good.sum == sum && //lint:notsecret certificates, which are public
		!now.Before(good.from) && !now.After(good.to) {
		return good.key, nil
	}
	leaf, err := x509.ParseCertificate(der[0])
	if err != nil {
		return nil, badChain("its first certificate is malformed")
	}
	second, err := x509.ParseCertificate(der[1])
	if err != nil {
		return nil, badChain("its second certificate is malformed")
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || publickey.CheckP256(key) != "" {
		return nil, badChain("the key of its first certificate is not one of ECDSA on P-256")
	}
	if problem := c.purpose(leaf, second); problem != "" {
		return nil, badChain(problem)
	}
	// Before the second certificate's own key verifies anything: until then an unverified sender may have chosen the
	// key, and its cost.
	if !slices.ContainsFunc(c.roots, func(root *x509.Certificate) bool {
		return bytes.Equal(second.RawIssuer, root.RawSubject) && second.CheckSignatureFrom(root) == nil
	}) {
		return nil, badChain("a root that is configured did not issue its second certificate")
	}
	between := x509.NewCertPool()
	between.AddCert(second)
	found, err := leaf.Verify(x509.VerifyOptions{
		Roots: c.pool, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, badChain("it does not lead to a root that is configured, or a certificate is not valid now")
	}
	for _, chain := range found {
		if len(chain) != chainLength || !chain[1].Equal(second) {
			continue
		}
		good := &goodChain{sum: sum, key: key, from: leaf.NotBefore, to: leaf.NotAfter}
		for _, one := range chain[1:] {
			if one.NotBefore.After(good.from) {
				good.from = one.NotBefore
			}
			if one.NotAfter.Before(good.to) {
				good.to = one.NotAfter
			}
		}
		c.last.Store(good)
		return key, nil
	}
	return nil, badChain("it is not a leaf, one intermediate and a root that is configured")
}

// purpose returns what speaks against the use of the two certificates, or "".
func (c *chains) purpose(leaf, second *x509.Certificate) (problem string) {
	switch {
	case leaf.IsCA:
		return "its first certificate is that of an authority"
	case leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return "its first certificate is not for signatures"
	case !second.BasicConstraintsValid || !second.IsCA:
		return "its second certificate is not that of an authority"
	case !marked(leaf, c.leafMark):
		return "its first certificate lacks the sender's mark (" + c.leafMark.String() + ")"
	case !marked(second, c.interims):
		return "its second certificate lacks the sender's mark (" + c.interims.String() + ")"
	}
	return ""
}

func marked(cert *x509.Certificate, mark asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(mark) })
}

func badChain(why string) error {
	return fault.New(reason.BadSignature, "the signature's chain of certificates (x5c) is refused: "+why)
}
