package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// authority is a certificate of the App Store's kind, and its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// chain is what one case's token brings, leaf first, and the key that signs it.
type chain struct {
	certs []*x509.Certificate
	key   *ecdsa.PrivateKey
}

// The extensions by which Apple marks what a certificate is for.
const (
	leafMark         = 11
	intermediateMark = 2
)

// chains are the chains by name. They are of this process: nobody can make one of a text.
var chains = sync.OnceValues(newChains) //lint:immutable made once

func newChains() (all map[string]chain, root *x509.Certificate) {
	real, inter, leaf := family()
	foreign, foreignInter, foreignLeaf := family()
	expired := issue(inter, leafMark, false, -time.Second)
	unmarked := issue(inter, 0, false, time.Hour)
	selfSigned := issue(nil, leafMark, false, time.Hour)
	of := func(key *ecdsa.PrivateKey, all ...*authority) chain {
		c := chain{key: key}
		for _, a := range all {
			c.certs = append(c.certs, a.cert)
		}
		return c
	}
	return map[string]chain{
		"genuine":      of(leaf.key, leaf, inter, real),
		"foreign":      of(foreignLeaf.key, foreignLeaf, foreignInter, foreign),
		"called-ours":  of(foreignLeaf.key, foreignLeaf, foreignInter, real),
		"mixed":        of(foreignLeaf.key, foreignLeaf, inter, real),
		"self-signed":  of(selfSigned.key, selfSigned, inter, real),
		"expired":      of(expired.key, expired, inter, real),
		"unmarked":     of(unmarked.key, unmarked, inter, real),
		"swapped":      of(leaf.key, inter, leaf, real),
		"short":        of(leaf.key, leaf, inter),
		"long":         of(leaf.key, leaf, inter, real, real),
		"none":         of(leaf.key),
		"another-key":  of(foreignLeaf.key, leaf, inter, real),
		"intermediate": of(inter.key, inter, inter, real),
	}, real.cert
}

// family is a root, an intermediate and a leaf.
func family() (root, inter, leaf *authority) {
	root = issue(nil, 0, true, time.Hour)
	inter = issue(root, intermediateMark, true, time.Hour)
	return root, inter, issue(inter, leafMark, false, time.Hour)
}

// issue makes a certificate that by signs; nil: it signs itself. It ends that long after Now.
func issue(by *authority, mark int, ca bool, ends time.Duration) *authority {
	must := func(err error) {
		if err != nil {
			panic(err) // the templates below are whole
		}
	}
	curve := elliptic.P256()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: fmt.Sprint(mark, ca)},
		NotBefore: Now().Add(-time.Hour), NotAfter: Now().Add(ends),
		BasicConstraintsValid: true, IsCA: ca, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ca {
		curve, template.KeyUsage = elliptic.P384(), x509.KeyUsageCertSign
	}
	switch mark {
	case leafMark:
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, leafMark, 1},
			Value: []byte{5, 0}}}
	case intermediateMark:
		template.ExtraExtensions = []pkix.Extension{{
			Id: asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, intermediateMark, 1}, Value: []byte{5, 0}}}
	}
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(err)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return &authority{cert, key}
}

// x5c makes a token whose header names the algorithm and brings the chain of that name. It is signed with ES256.
func x5c(algorithm, name, payload string) (string, error) {
	all, _ := chains()
	c, ok := all[name]
	if !ok {
		return "", fmt.Errorf("no chain %q", name)
	}
	header := map[string]any{"alg": algorithm}
	if len(c.certs) > 0 {
		list := []string{}
		for _, cert := range c.certs {
			list = append(list, base64.StdEncoding.EncodeToString(cert.Raw))
		}
		header["x5c"] = list
	}
	text, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	url := base64.RawURLEncoding
	input := url.EncodeToString(text) + "." + url.EncodeToString([]byte(payload))
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, c.key, sum[:])
	if err != nil {
		return "", err
	}
	size := (c.key.Curve.Params().BitSize + 7) / 8
	return input + "." + url.EncodeToString(append(r.FillBytes(make([]byte, size)),
			s.FillBytes(make([]byte, size))...)),
		nil
}
