package handshake

import (
	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// noVerifyTokens is the detail of a handshake that no configured token can prove.
const noVerifyTokens = "a handshake came and Setup.VerifyTokens is not configured"

// checkToken checks a verify token. It fails closed: without a configured one anybody could subscribe this endpoint to
// an account of theirs.
func (s *Set) checkToken(text string, in *Input) fault.Failure {
	if s.Tokens == nil {
		return fault.New(reason.MissingCredential, noVerifyTokens)
	}
	_, f := s.Tokens.Check(in.Request.Context(), text, in.credential())
	return f
}

// credential returns what a verify token is checked for. It has no matches: a handshake does not show that a secret is
// in use.
func (in *Input) credential() *credential.Input {
	return &credential.Input{
		Request: in.Request, Tenant: in.Claims.Tenant, TenantFault: in.Claims.TenantFault, Now: in.Now,
	}
}
