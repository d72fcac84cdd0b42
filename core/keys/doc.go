// Package keys gives the public keys that verify signatures, fetched from the provider or given offline.
//
// # Sources
//
// A [Source] answers one question: which key does this reference name? The reference is what a delivery carries: the
// kid of a JSON Web Key, or the URL of a certificate. The sender chose it. It is not trusted.
//
//	JWKS          one JSON Web Key Set at a fixed URL; the reference is a kid
//	Certificates  X.509 certificates; the reference is a URL that a Pin allows
//	PEM           public keys in PEM; the reference is a URL that a Pin allows
//	TravisCI      a public key in a member of the JSON document at a fixed URL
//	Plaid         keys that the provider gives one by one, under credentials of yours
//	Static        keys given offline; nothing is ever fetched
//
// # What is promised
//
// Where a request goes: to the hosts that the [Pin] lists, letter by letter, never to a suffix or a pattern of theirs;
// over https on its usual port; to paths of the pin's grammar. There are no redirects, cookies, credentials, proxies
// from the environment, queries or compressed bodies. The address is judged when it is dialled, after the name was
// resolved, so that a name which suddenly resolves to a private, loopback, link-local, shared or otherwise special
// address is not connected to.
//
// How much it costs: one fetch at a time for a URL, however many deliveries wait for it; a time limit from the dial to
// the last byte; a limit of bytes; at least MinInterval between two fetches of one URL; a limit of keys kept. Nothing
// is kept for a URL that the pin refuses.
//
// Fetches that references cause, of names without a known key or within MinInterval, have a budget
// ([Options.FetchesPerMinute]): 3 a minute for each sender, 60 in all. Half of them are kept for senders that
// Config.Sources lists or that sent a genuine delivery within 24 hours. In the first minute after a start each sender
// has one before any has a second. So whoever invents names keeps no genuine sender from its key, and a key that is
// known needs no fetch at all. The guard hands the sender on in the context of Key. Calls with another context count as
// one sender that is not proved: to fetch several names at start, call [Remote.Prefetch].
//
// How long a key lives: [Options.MaxAge], renewed in the background during the last quarter of it while deliveries ask
// for it. While the host fails, the last good keys are used up to [Options.MaxStale] after they were fetched; so a key
// that the provider withdraws is trusted for MaxAge at most, and for MaxStale by a receiver that somebody keeps from
// fetching. Certificates are judged by their dates at every use.
//
// Which keys are accepted: RSA of 2048 to 8192 bits, ECDSA on P-256, Ed25519 outside its small subgroup; in a JWKS only
// those meant for verifying with an algorithm that the caller named. JSON with a member that comes twice is refused.
//
// # Errors
//
// [ErrUnavailable] says that the receiver could not learn the key: it is answered 503, so that the provider tries
// again. [ErrUnknownKey], [ErrNotAllowed] and [ErrInvalidKey] are judgements on the reference or on what it names, and
// count as failed authentication: they match core.ErrKeyRefused.
//
// # Concurrency
//
// All sources are safe for concurrent use. There are no goroutines but one for each fetch under way, which ends within
// [Options.Timeout]; Close ends them at once.
package keys
