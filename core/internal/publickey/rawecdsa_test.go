package publickey_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
)

func key(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

// TestSignaturesOfEveryLengthVerify signs until numbers with zero bytes in front, and with their first bit set and not,
// have come for both halves, and holds each verdict to that of the library's verifier of numbers.
func TestSignaturesOfEveryLengthVerify(t *testing.T) {
	t.Parallel()
	k := key(t)
	seen := map[[2]string]bool{}
	kind := func(n []byte) string {
		switch {
		case n[0] >= 0x80:
			return "high"
		case n[0] == 0 && n[1] >= 0x80:
			return "short, high"
		case n[0] == 0:
			return "short"
		}
		return "low"
	}
	halves := map[string]int{}
	for i := uint64(0); halves["r short"] < 2 || halves["s short"] < 2 || halves["r short, high"] < 2 ||
		halves["s short, high"] < 2 || len(seen) < 4; i++ {
		hash := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		r, s, err := ecdsa.Sign(rand.Reader, k, hash[:])
		require.NoError(t, err)
		signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		halves["r "+kind(signature[:32])]++
		halves["s "+kind(signature[32:])]++
		seen[[2]string{kind(signature[:32]), kind(signature[32:])}] = true
		require.True(t, publickey.VerifyRawECDSA(&k.PublicKey, hash[:], signature))
		signature[i%64] ^= 1 << (i % 8)
		require.False(t, publickey.VerifyRawECDSA(&k.PublicKey, hash[:], signature))
	}
}

func TestWhatIsNoSignatureIsRefused(t *testing.T) {
	t.Parallel()
	k := key(t)
	hash := sha256.Sum256([]byte("text"))
	r, s, err := ecdsa.Sign(rand.Reader, k, hash[:])
	require.NoError(t, err)
	order := elliptic.P256().Params().N
	raw := func(r, s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	genuine := raw(r, s)
	require.True(t, publickey.VerifyRawECDSA(&k.PublicKey, hash[:], genuine))
	require.False(t, publickey.VerifyRawECDSA(&key(t).PublicKey, hash[:], genuine), "another key")
	require.False(t, publickey.VerifyRawECDSA(&k.PublicKey, make([]byte, 32), genuine), "another hash")
	zero := new(big.Int)
	for name, signature := range map[string][]byte{
		"none": nil, "empty": {}, "short": genuine[:63], "long": append(bytes.Clone(genuine), 0), "half": genuine[:32],
		"zeros": make([]byte, 64), "r of 0": raw(zero, s), "s of 0": raw(r, zero), "r of the order": raw(order, s),
		"s of the order": raw(r, order),
		"all bits":       bytes.Repeat([]byte{0xff}, 64), "swapped": raw(s, r),
	} {
		require.False(t, publickey.VerifyRawECDSA(&k.PublicKey, hash[:], signature), name)
	}
}

// FuzzVerify: the verdict is that of the library's verifier of numbers.
func FuzzVerify(f *testing.F) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(f, err)
	hash := sha256.Sum256([]byte("text"))
	r, s, err := ecdsa.Sign(rand.Reader, k, hash[:])
	require.NoError(f, err)
	genuine := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	f.Add(genuine, byte(0))
	f.Add(genuine, byte(1))
	f.Add(make([]byte, 64), byte(0))
	f.Add([]byte{}, byte(0))
	f.Fuzz(func(t *testing.T, signature []byte, flip byte) {
		for _, signature := range [][]byte{signature, append(bytes.Clone(genuine[:63]), genuine[63]^flip)} {
			want := len(signature) == 64 &&
				ecdsa.Verify(&k.PublicKey, hash[:], new(big.Int).SetBytes(signature[:32]),
					new(big.Int).SetBytes(signature[32:]))
			require.Equal(t, want, publickey.VerifyRawECDSA(&k.PublicKey, hash[:], signature))
		}
	})
}
