package inspector

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// Access says what a person may see and do. The zero Access reads the list and details of events, and nothing of what
// their senders wrote but ids and types.
type Access struct {
	Name      string   // who it is, for the log of actions; may be empty
	Payloads  bool     // see bodies and headers
	Redrive   bool     // run events again
	Dismiss   bool     // close events without a success
	Pause     bool     // pause and resume endpoints
	Endpoints []string // the endpoints to see and to act on; nil: all
}

// sees reports whether the person may see an endpoint.
func (a *Access) sees(endpoint string) bool {
	return a.Endpoints == nil || slices.Contains(a.Endpoints, endpoint)
}

// ErrLogin is returned, or wrapped, by Config.Authorize for a request without a valid login: the browser then asks for
// a user and a password. Any other error is answered 403.
var ErrLogin = errors.New("inspector: a login is required")

// BasicAuth authorizes by HTTP Basic: each secret of the source is "user:password", as secrets.GeneratePair makes it.
// Everybody who has a login has the same access; Access.Name is the user. Use HTTPS, because Basic sends the password
// with each request. Nothing here slows down somebody who guesses, so use generated passwords.
//
// It fails closed: where the source fails, nobody is let in.
func BasicAuth(logins secrets.Source, access Access) func(*http.Request) (Access, error) {
	return func(r *http.Request) (Access, error) {
		user, password, ok := r.BasicAuth()
		// Fails closed: a variable that holds "user:" is a mistake, and not a login that everybody knows.
		if !ok || user == "" || password == "" {
			return Access{}, ErrLogin
		}
		list, err := logins.Lookup(r.Context(), "")
		if err != nil {
			return Access{}, err
		}
		// Digests have one length: the comparison shows nothing of that of the password.
		given := sha256.Sum256([]byte(user + ":" + password))
		now, matched := time.Now(), 0
		for _, s := range list.All() {
			if s.DangerouslyReveal() == "" || !s.ActiveAt(now) {
				continue
			}
			want := sha256.Sum256([]byte(s.DangerouslyReveal()))
			matched |= subtle.ConstantTimeCompare(given[:], want[:])
		}
		if matched != 1 {
			return Access{}, ErrLogin
		}
		a := access
		a.Name = user
		return a, nil
	}
}
