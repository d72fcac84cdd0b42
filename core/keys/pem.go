package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// maxPEMBlocks bounds the certificates of a file, and so the work of building a chain.
const maxPEMBlocks = 8

// blocks reads PEM (RFC 7468) of one type and nothing else: no text between the blocks, no headers in them. It fails
// closed on the rest, because pem.Decode skips text that it cannot read: another reader could see another first block.
func blocks(data []byte, kind string) ([][]byte, error) {
	var all [][]byte
	for data = bytes.TrimSpace(data); len(data) > 0; data = bytes.TrimSpace(data) {
		block, rest := pem.Decode(data)
		// The block must start here, and Decode must not have skipped a malformed one before it.
		if block == nil || !bytes.HasPrefix(data, []byte("-----BEGIN ")) ||
			bytes.Count(data[:len(data)-len(rest)], []byte("-----BEGIN ")) != 1 {
			return nil, errors.New("it is not well-formed PEM")
		}
		if block.Type != kind || len(block.Headers) > 0 {
			return nil, fmt.Errorf("it has a PEM block %s; expected are blocks %q without headers", quote(block.Type),
				kind)
		}
		if all = append(all, block.Bytes); len(all) > maxPEMBlocks {
			return nil, fmt.Errorf("it has more than %d PEM blocks", maxPEMBlocks)
		}
		data = rest
	}
	if len(all) == 0 {
		return nil, errors.New("it is empty")
	}
	return all, nil
}

// parsePublicPEM reads one public key in a block "PUBLIC KEY" (RFC 7468, section 13).
func parsePublicPEM(data []byte) (crypto.PublicKey, error) {
	all, err := blocks(data, "PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("it has %d keys, not one", len(all))
	}
	key, err := x509.ParsePKIXPublicKey(all[0])
	if err != nil {
		return nil, errors.New("its block is not a public key")
	}
	return accept(key)
}

// ParsePEM returns the key of a PEM block "PUBLIC KEY" or "CERTIFICATE", for [Static]. Of several certificates the
// first counts. Names, dates and chain of a certificate are not checked: the caller vouches for it.
func ParsePEM(data []byte) (crypto.PublicKey, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN CERTIFICATE-----")) {
		key, err := parsePublicPEM(data)
		if err != nil {
			return nil, fmt.Errorf("sallyport: keys: %w", err)
		}
		return key, nil
	}
	certs, err := parseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("sallyport: keys: %w", err)
	}
	key, err := accept(certs[0].PublicKey)
	if err != nil {
		return nil, fmt.Errorf("sallyport: keys: %w", err)
	}
	return key, nil
}

// parseCertificates reads one or more certificates, the leaf first. It does not verify them.
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	all, err := blocks(data, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	certs := make([]*x509.Certificate, len(all))
	for i, der := range all {
		if certs[i], err = x509.ParseCertificate(der); err != nil {
			return nil, fmt.Errorf("certificate %d is malformed", i+1)
		}
	}
	return certs, nil
}
