// Package core is held to the stricter rules of core.
package core

import "regexp" // want "no regular expressions in core"

//lint:immutable no directive excuses this one
var pattern = regexp.MustCompile("x")
