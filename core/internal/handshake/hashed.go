package handshake

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// hash returns the hash of the challenge, the first verify token that is valid now and the endpoint's URL. Whoever asks
// gets it. It shows that this endpoint knows the token, and is no signature of anything: deliveries are signed in
// another way.
//
// It fails closed without a token: the hash would show nothing.
func (s *Set) hash(challenge string, in *Input) (sum string, f fault.Failure) {
	if s.Tokens == nil || s.Verifier == nil {
		return "", fault.New(reason.MissingCredential, noVerifyTokens)
	}
	token, f := s.Tokens.First(in.Request.Context(), in.credential())
	if f.Failed() {
		return "", f
	}
	digest := sha256.Sum256([]byte(challenge + token + s.Verifier.EndpointURL(in.Request, in.Claims.Tenant, in.Plain)))
	return hex.EncodeToString(digest[:]), fault.Failure{}
}
