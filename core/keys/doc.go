// Package keys provides the public keys that verify signatures. They are fetched from the provider or given offline.
//
//	source, err := keys.Google(keys.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer source.Close()
//	key, err := source.Key(ctx, kid)
//
// # Sources
//
// A [Source] returns the key that a reference names. The reference comes with the delivery: the kid of a JSON Web Key,
// or the URL of a certificate. The sender chose it. It is not trusted.
//
//	JWKS          one JSON Web Key Set at a fixed URL; the reference is a kid
//	Certificates  X.509 certificates; the reference is a URL that a Pin allows
//	PEM           public keys in PEM; the reference is a URL that a Pin allows
//	TravisCI      a public key in a member of the JSON document at a fixed URL; Kick likewise
//	Plaid, EBay   keys that the provider serves one by one, under your credentials
//	Static        keys given offline; nothing is ever fetched
//
// # Where requests go
//
// A request goes only to the hosts that the [Pin] lists, compared as strings and never by a suffix or a pattern. It
// uses https on the usual port, and paths of the pin's grammar. There are no redirects, cookies, credentials, proxies
// from the environment, queries or compressed bodies.
//
// The address is checked when it is dialled, after the name was resolved. A name that suddenly resolves to a private,
// loopback, link-local, shared or otherwise special address is not connected to.
//
// # What fetching costs
//
// There is one fetch at a time for a URL, however many deliveries wait for it. Between two fetches of one URL is at
// least MinInterval. Time, bytes and the number of kept keys are limited. Nothing is kept for a URL that the pin
// refuses.
//
// Fetches that references cause, of names without a known key or within MinInterval, have a budget
// ([Options.FetchesPerMinute]): 3 a minute for each sender, 60 in all. Half of it is kept for senders that
// Config.Sources lists or that sent a genuine delivery within 24 hours. In the first minute after a start, each sender
// has one fetch before any has a second. So invented names do not keep a genuine sender from its key, and a known key
// needs no fetch at all.
//
// The guard passes the sender on in the context of Key. All calls with another context count as one sender that is not
// proved. To fetch several names at start, call [Remote.Prefetch].
//
// # How long a key is used
//
// A key is used for [Options.MaxAge]. In the last quarter of that time, deliveries that need it have it renewed in the
// background.
//
// While the host fails, the last good keys are used up to [Options.MaxStale] after their fetch. This fails open for a
// key that was withdrawn in the meantime, so that an outage of the host does not stop genuine deliveries. A withdrawn
// key is trusted for MaxAge at most, and for MaxStale if an attacker keeps the receiver from fetching. The dates of
// certificates are checked at every use.
//
// # Which keys are accepted
//
// Accepted are RSA keys of 2048 to 8192 bits, ECDSA keys on P-256 and P-521, and Ed25519 keys outside the small
// subgroup. Of a JWKS, only keys for verifying with an algorithm that the caller named count. JSON with a member that
// comes twice is refused.
//
// # Errors
//
// [ErrUnavailable] means that the receiver could not learn the key. The delivery is answered 503, so that the provider
// sends it again. [ErrUnknownKey], [ErrNotAllowed] and [ErrInvalidKey] are final. They concern the reference or the key
// that it names, count as failed authentication, and match core.ErrKeyRefused.
//
// # Concurrency
//
// All sources are safe for concurrent use. The only goroutines are one for each fetch under way, which ends within
// [Options.Timeout]. Close cancels them at once.
package keys
