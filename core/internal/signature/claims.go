package signature

import (
	"crypto/sha256"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/sender"
)

// Claims are what a request claims before anything is proved. Verification fills them in. They belong to one call of
// the guard, which may reuse them after Clear.
type Claims struct {
	lightClaims
	// The array of candidates stands here by value: one pooled Claims holds it, and no delivery
	// allocates it.
	signatures candidates // of secrets
}

// lightClaims are all claims but the signatures of secrets, which are expensive to clear.
type lightClaims struct {
	Tenant      string        // an index that anybody may have written; empty: none that is usable
	TenantFault string        // why there is no tenant, where there has to be one
	From        sender.Sender // whose budget pays for what has to be looked up; unknown where nothing has to be

	Timestamp string // as the delivery writes it
	ID        string // that the scheme signs
	version   string // of the signature
	keyRef    string // names the key to fetch

	public   []publicSignature // of public keys
	values   []fieldValue      // of the body and of the query, which are part of what is signed
	form     []formField       // sorted, where every field is signed
	replaced [2]int            // where in the body the signature's own value begins and ends
	Payload  []byte            // the value of a form's one field, signed in place of the body; nil: the body is signed
	items    []Claims          // of each item, where a list is signed item by item
	groups   []Claims          // further signatures, each with a timestamp of its own
	custom   any               // of a mechanism that is code, between head and body
	Key      any               // what such a mechanism made of the key that proved the delivery

	Match     *keyring.Matches // records the secrets that match
	Lenient   bool             // a stale or early time goes to StaleNote, and the signature is checked all the same
	StaleNote fault.Failure    // set where Lenient: what is wrong with the time

	// The index is set by the MAC check, before anything derives an identity from the claims. It is 0
	// for public keys.
	reading int               // the index of the reading that matched
	Signed  [sha256.Size]byte // what a mechanism that is code proved: the digest that events are remembered by
}

// HasPayload reports whether the value of a form's field was signed in place of the body.
//
// It accepts nil claims, which a delivery without a signature has.
func (p *Claims) HasPayload() bool { return p != nil && p.Payload != nil }

// Clear forgets a delivery's claims. Of the signatures only the number is cleared: nothing is read beyond it.
//
// A pooled value that kept a claim would let one sender's delivery finish another's proof. Clear must
// therefore run before the value is used again.
func (p *Claims) Clear() { p.lightClaims, p.signatures.n = lightClaims{}, 0 }

// fieldValue is one value that a delivery carries.
type fieldValue struct {
	// The text is decoded: escapes of JSON or of the form are gone. An absent value has present false
	// and an empty text.
	text    string
	present bool
}
