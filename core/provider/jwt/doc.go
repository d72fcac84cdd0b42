// Package jwt has the senders that prove a delivery by a JSON Web Token (RFC 7519), for programs that link
// github.com/golang-jwt/jwt/v5: whoever imports package provider alone does not.
//
// What is the same for all of them:
//
//   - The algorithm is the entry's: what a token's header says is compared with it, never obeyed.
//   - A token names its key by kid, and by nothing else: jku, x5u, jwk, x5c, crit, b64, zip, enc and cty are refused.
//   - Nothing comes twice: no header line, no member of the token's header or claims, in whatever case. Numbers have
//     one form, base64 has no padding and no stray bits, a token has at most 8 KiB.
//   - Claims are read after the signature was verified. Issuer, audience, times and the hashes of body and URL are
//     required where the entry knows them; the guard's clock checks the times.
//
// A token that does not cover the body says who sent it and no more, as any bearer token: the entries' lists of what is
// not covered name that.
package jwt
