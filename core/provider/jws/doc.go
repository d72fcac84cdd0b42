// Package jws has the senders that prove a delivery by a JSON Web Signature (RFC 7515) that is no token in a header:
// the body is one, or a member of it, or a header holds one without its payload, which is the body or the request. It
// links the standard library alone.
//
// What is the same for all of them:
//
//   - The algorithm is the entry's: what a header says is compared with it, never obeyed.
//   - The header names a key by kid, and by nothing else. Where a sender's headers have more members (x5c, jku, crit
//     and b64), the entry says so and what they must be; everywhere else they are refused. Nothing that a request names
//     is ever fetched.
//   - Nothing comes twice: no header line, no member, in whatever case. base64 has no padding, no stray bits and no
//     line breaks, and every part is bounded.
//   - What is signed is read after the signature was verified, and events are read from what is signed.
//
// A chain of certificates (x5c) counts only up to a root that the entry's settings pin, within the dates of all its
// certificates, for the purpose that the sender marks its certificates with. Revocation is not checked: nothing is
// fetched.
package jws
