package digest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/digest"
)

func TestASignatureFitsUnderItsOwnSecretAlone(t *testing.T) {
	t.Parallel()
	secret, other := []byte("one-secret-of-this-test"), []byte("another-secret-of-this-test")
	sign := func(secret, text []byte) []byte {
		h := hmac.New(sha256.New, secret)
		_, _ = h.Write(text)
		return h.Sum(nil)
	}
	k := digest.NewHMACKey(secret)
	require.Equal(t, secret, k.Secret())
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 100 {
				text := []byte(fmt.Sprint("text ", worker, i))
				right := sign(secret, text)
				if !k.Fits(text, right) || k.Fits(text, sign(other, text)) || k.Fits(append(text, 'x'), right) ||
					k.Fits(text, right[:31]) || k.Fits(text, nil) {
					t.Error("another verdict")
					return
				}
			}
		})
	}
	all.Wait()
}
