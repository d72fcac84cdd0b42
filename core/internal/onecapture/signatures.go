package onecapture

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// proofText finds what may be the bytes of a signature.
var proofText = regexp.MustCompile(`[A-Za-z0-9+/_-]{20,}={0,2}`) //lint:immutable a pattern

// signatures writes the bytes of a signature in every form that a lenient decoder may read.
func signatures(w *writingList, text string) {
	for _, at := range proofText.FindAllStringIndex(text, 4) {
		proof := text[at[0]:at[1]]
		add := func(name, form string) {
			w.add("signature", "has a signature "+name, text[:at[0]]+form+text[at[1]:])
		}
		if raw, err := hex.DecodeString(proof); err == nil {
			add("with digits in upper case", strings.ToUpper(proof))
			add("with digits in lower case", strings.ToLower(proof))
			add("in base64", base64.StdEncoding.EncodeToString(raw))
			add("with a prefix", "0x"+proof)
			add("with a colon in it", proof[:2]+":"+proof[2:])
		}
		base64Forms(add, proof)
		add("with a line feed in it", proof[:8]+"\n"+proof[8:])
		add("with a space in it", proof[:8]+" "+proof[8:])
		if at[0] > 0 {
			if prefix := text[:at[0]]; strings.ContainsAny(prefix, "=:") {
				w.add("signature", "has the signature's prefix in upper case", strings.ToUpper(prefix)+text[at[0]:])
				w.add("signature", "has no prefix", text[at[0]:])
			}
		}
	}
}

func base64Forms(add func(name, form string), proof string) {
	plain := strings.TrimRight(proof, "=")
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(plain)
	raw, err := base64.RawStdEncoding.DecodeString(standard)
	if err != nil {
		return
	}
	add("in the URL's alphabet", strings.NewReplacer("+", "-", "/", "_").Replace(proof))
	add("in the standard alphabet", strings.NewReplacer("-", "+", "_", "/").Replace(proof))
	add("without padding", plain)
	add("with padding", plain+strings.Repeat("=", (4-len(plain)%4)%4))
	add("with too much padding", proof+"=")
	add("in hexadecimal", hex.EncodeToString(raw))
	if len(plain)%4 != 0 { // the last letter has bits that mean nothing
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		last := strings.IndexByte(alphabet, standard[len(standard)-1])
		add("whose last bits differ", plain[:len(plain)-1]+alphabet[last^1:last^1+1]+proof[len(plain):])
	}
	if twin := otherECDSA(raw); twin != nil {
		add("that is the other one of its curve", base64.StdEncoding.EncodeToString(twin))
		add("with a longer DER", base64.StdEncoding.EncodeToString(longerDER(raw)))
		add("with bytes behind its DER", base64.StdEncoding.EncodeToString(append(raw, 0)))
	}
	if len(raw) == 64 {
		add("whose scalar is larger by the order of Ed25519", base64.StdEncoding.EncodeToString(largerScalar(raw)))
		add("that is the other raw one of its curve", base64.StdEncoding.EncodeToString(otherRaw(raw)))
	}
}

func order(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 16)
	return n
}

const (
	orderP256    = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
	orderEd25519 = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
)

// otherECDSA is the second signature that fits whatever an ECDSA signature fits: (r, n-s).
func otherECDSA(raw []byte) []byte {
	var sig struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(raw, &sig); err != nil || len(rest) > 0 {
		return nil
	}
	sig.S.Sub(order(orderP256), sig.S)
	twin, err := asn1.Marshal(sig)
	if err != nil {
		return nil
	}
	return twin
}

// longerDER writes the length in two bytes, which DER forbids.
func longerDER(raw []byte) []byte {
	if len(raw) < 3 || raw[1] >= 0x80 {
		return raw
	}
	return append([]byte{raw[0], 0x81, raw[1]}, raw[2:]...)
}

func largerScalar(raw []byte) []byte {
	scalar := slices.Clone(raw[32:]) // little-endian
	slices.Reverse(scalar)
	sum := new(big.Int).Add(new(big.Int).SetBytes(scalar), order(orderEd25519))
	if sum.BitLen() > 256 {
		return raw
	}
	sum.FillBytes(scalar)
	slices.Reverse(scalar)
	return slices.Concat(raw[:32], scalar)
}

func otherRaw(raw []byte) []byte {
	s := new(big.Int).Sub(order(orderP256), new(big.Int).SetBytes(raw[32:]))
	if s.Sign() <= 0 {
		return raw
	}
	return append(append([]byte(nil), raw[:32]...), s.FillBytes(make([]byte, 32))...)
}
