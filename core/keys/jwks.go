package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/strictjson"
)

const (
	maxKeysInSet = 64  // bounds the work of reading one document
	maxKidBytes  = 256 // bounds the text from a sender in memory and in logs
)

// algorithmsOf returns the accepted algorithms (RFC 7518, 8037 and 9864), each with the key type (kty) that it needs.
// No name is accepted by default: the caller must decide which algorithms count.
func algorithmsOf(names []string) (map[string]string, error) {
	if len(names) == 0 {
		return nil, errors.New("name the algorithms that keys may be used with, such as RS256")
	}
	allowed := map[string]string{}
	for _, name := range names {
		switch name {
		case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
			allowed[name] = "RSA"
		case "ES256", "ES512":
			allowed[name] = "EC"
		case "EdDSA", "Ed25519":
			allowed[name] = "OKP"
		default:
			return nil, fmt.Errorf("the algorithm %s is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, "+
				"ES512, EdDSA and Ed25519", quote(name))
		}
	}
	return allowed, nil
}

// parseJWKS reads a JSON Web Key Set (RFC 7517). It fails closed: a malformed set is refused as a whole. A single key
// that cannot be used is left out, and the others serve (section 5), because sets hold keys for other purposes. The
// reason is kept for the error of find.
//
// Two different usable keys of one kid are both left out: the choice would depend on their order.
func parseJWKS(data []byte, allowed map[string]string) (*keySet, error) {
	members, err := strictjson.Object(data)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(members["keys"], &list); err != nil || list == nil {
		return nil, errors.New(`it has no array "keys"`)
	}
	if len(list) > maxKeysInSet {
		return nil, fmt.Errorf("it has %d keys; the limit is %d", len(list), maxKeysInSet)
	}
	set := &keySet{keys: map[string]crypto.PublicKey{}, refused: map[string]error{}}
	var usable []crypto.PublicKey
	var why error
	for i, raw := range list {
		jwk, err := strictjson.Object(raw)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		kid, err := strictjson.Text(jwk, "kid")
		if err != nil || len(kid) > maxKidBytes {
			why = fmt.Errorf("key %d has no usable kid", i+1)
			continue
		}
		key, err := parseJWK(jwk, allowed)
		if err != nil {
			why = err
			if _, ok := set.refused[kid]; !ok {
				set.refused[kid] = err
			}
			continue
		}
		if !slices.ContainsFunc(usable, func(k crypto.PublicKey) bool { return same(k, key) }) {
			usable = append(usable, key)
		}
		set.add(kid, key)
	}
	// A key without a kid is found only if it is the only one. Otherwise an empty reference would select any such key.
	delete(set.keys, "")
	if len(usable) == 0 {
		if why == nil {
			why = errors.New("there is none")
		}
		return nil, fmt.Errorf("none of its %d keys can be used here: %w", len(list), why)
	}
	if len(usable) == 1 {
		set.only = usable[0]
	}
	set.usable = usable
	return set, nil
}

// add stores a usable key under its kid. The result does not depend on the order of the keys.
func (s *keySet) add(kid string, key crypto.PublicKey) {
	switch first, ok := s.keys[kid]; {
	case ok && same(first, key):
	case ok:
		// Fails closed. The nil stays: it equals no key, so a third key of that kid does not become valid either.
		s.keys[kid] = nil
		s.refused[kid] = errors.New("the set has two different keys of that name")
	default:
		s.keys[kid] = key
	}
}

// same reports whether two keys are equal. A nil key equals nothing. The keys are public, so time does not matter.
func same(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// parseJWK reads one key, if it is meant for verifying with an allowed algorithm. It fails closed on every member that
// says otherwise ("use", "key_ops", "alg"). An absent member says nothing: all three are optional (RFC 7517, section
// 4).
func parseJWK(jwk map[string]json.RawMessage, allowed map[string]string) (crypto.PublicKey, error) {
	// A published private key no longer proves who signed: everybody who reads the set can sign (RFC 7518, section 6).
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, ok := jwk[name]; ok {
			return nil, fmt.Errorf("it has the member %q of a private or symmetric key: everybody who reads the set "+
				"can sign", name)
		}
	}
	field := make(map[string]string)
	for _, name := range []string{"kty", "use", "alg", "crv", "n", "e", "x", "y"} {
		s, err := strictjson.Text(jwk, name)
		if err != nil {
			return nil, err
		}
		field[name] = s
	}
	if _, ok := jwk["use"]; ok && field["use"] != "sig" {
		return nil, fmt.Errorf("its use is %s, not sig", quote(field["use"]))
	}
	if err := checkKeyOps(jwk); err != nil {
		return nil, err
	}
	// The key type must fit the algorithm. Otherwise "alg" could name an allowed one and the key be of another kind.
	kty := field["kty"]
	if _, ok := jwk["alg"]; ok && !isCurveAsAlg(field, allowed) {
		if needs, ok := allowed[field["alg"]]; !ok || needs != kty {
			return nil, fmt.Errorf("its alg is %s and its kty %s, which is not what this provider signs with",
				quote(field["alg"]), quote(kty))
		}
	} else if !hasType(allowed, kty) {
		return nil, fmt.Errorf("its kty is %s, which is not what this provider signs with", quote(kty))
	}
	switch kty {
	case "RSA":
		return rsaJWK(field)
	case "EC":
		return ecJWK(field, allowed)
	default:
		return okpJWK(field)
	}
}

// hasType reports whether an allowed algorithm needs a key of this type.
func hasType(allowed map[string]string, kty string) bool {
	for _, needs := range allowed {
		if needs == kty {
			return true
		}
	}
	return false
}

// checkKeyOps checks that a key may verify signatures (RFC 7517, section 4.3). "sign" may stand next to "verify". Any
// other operation fails closed: section 4.3 advises against a key with unrelated purposes.
func checkKeyOps(jwk map[string]json.RawMessage) error {
	raw, ok := jwk["key_ops"]
	if !ok {
		return nil
	}
	var ops []string
	if err := json.Unmarshal(raw, &ops); err != nil {
		return errors.New("its key_ops is not an array of strings")
	}
	if slices.Contains(ops, "verify") &&
		!slices.ContainsFunc(ops, func(op string) bool { return op != "verify" && op != "sign" }) {
		return nil
	}
	return fmt.Errorf("its key_ops is %.100q, not verify", ops)
}

// rsaJWK reads an RSA key (RFC 7518, section 6.3.1): big-endian numbers without leading zeros. Another form of a number
// would be a second form of the same key.
func rsaJWK(field map[string]string) (crypto.PublicKey, error) {
	n, err := octets(field, "n")
	if err != nil {
		return nil, err
	}
	e, err := octets(field, "e")
	if err != nil {
		return nil, err
	}
	if n[0] == 0 || e[0] == 0 || len(e) > 4 {
		return nil, errors.New("its n or e is not in the shortest form")
	}
	return accept(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())})
}

// isCurveAsAlg reports whether the alg of a key for ES512 is EC, which is its type: TrueLayer has published its keys
// so. Type and curve are still checked.
func isCurveAsAlg(field map[string]string, allowed map[string]string) bool {
	return allowed["ES512"] != "" && field["alg"] == "EC" && field["kty"] == "EC" && field["crv"] == "P-521"
}

// ecJWK reads a key on P-256 or P-521 (RFC 7518, section 6.2.1), whichever an allowed algorithm needs.
func ecJWK(field map[string]string, allowed map[string]string) (crypto.PublicKey, error) {
	x, err := octets(field, "x")
	if err != nil {
		return nil, err
	}
	y, err := octets(field, "y")
	if err != nil {
		return nil, err
	}
	alg := field["alg"]
	switch crv := field["crv"]; {
	case crv == "P-256" && allowed["ES256"] != "" && alg != "ES512":
		// The coordinates have the full length, with leading zeros.
		if len(x) != 32 || len(y) != 32 {
			return nil, errors.New("its coordinates are not of 32 bytes each")
		}
		return ecPoint(elliptic.P256(), x, y)
	case crv == "P-521" && allowed["ES512"] != "" && alg != "ES256":
		// Some senders leave out leading zeros, which almost every coordinate has here: 521 bits are one more than 65
		// bytes. The number is the same.
		if len(x) > 66 || len(y) > 66 {
			return nil, errors.New("its coordinates are of more than 66 bytes each")
		}
		return ecPoint(elliptic.P521(), slices.Concat(make([]byte, 66-len(x)), x),
			slices.Concat(make([]byte, 66-len(y)), y))
	case allowed["ES512"] == "":
		return nil, fmt.Errorf("its crv is %s, not P-256", quote(crv))
	default:
		return nil, fmt.Errorf("its crv is %s, which is not what this provider signs with", quote(crv))
	}
}

// ecPoint returns the key with these coordinates, if they are a point of the curve.
func ecPoint(curve elliptic.Curve, x, y []byte) (crypto.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y)) // 4: uncompressed
	if err != nil {
		return nil, errors.New("its point is not on " + curve.Params().Name)
	}
	return accept(key)
}

// okpJWK reads an Ed25519 key (RFC 8037, section 2). accept checks its length and its point.
func okpJWK(field map[string]string) (crypto.PublicKey, error) {
	if field["crv"] != "Ed25519" {
		return nil, fmt.Errorf("its crv is %s, not Ed25519", quote(field["crv"]))
	}
	x, err := octets(field, "x")
	if err != nil {
		return nil, err
	}
	return accept(ed25519.PublicKey(x))
}

// octets decodes base64url without padding, in its one canonical form. The comparison of lengths is needed because Go's
// decoder skips line breaks, even when it is strict.
func octets(field map[string]string, name string) ([]byte, error) {
	s := field[name]
	data, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(data) == 0 || base64.RawURLEncoding.EncodedLen(len(data)) != len(s) {
		return nil, fmt.Errorf("its %q is absent or not base64url", name)
	}
	return data, nil
}
