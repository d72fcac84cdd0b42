// Package hostile runs the adversarial table in core/testdata/hostile: requests as an attacker sends them, and next to
// them the genuine ones that must still pass. It has no tests of its own: core runs the table without a network, and
// internal/adaptertest through every router over real sockets.
//
// A file holds the cases of one threat, named by its number. A case is a request, the requests that came before it, and
// the reason and status that have to come of it. It names one of [Endpoints], and may have settings of its own. Texts
// are templates, because a signature depends on the body: see [Functions].
package hostile
