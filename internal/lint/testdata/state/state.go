// Package state holds what security code must not hold. Nothing builds it.
package state

import (
	"errors"
	"math/rand"           // want "math/rand can be predicted"
	randv2 "math/rand/v2" // want "math/rand/v2 can be predicted"
	"regexp"
	"sync"
)

var counter int // want "package-level variable counter"

var ErrFine = errors.New("fine")

var errBuilt, number = errors.New("fine"), 1 // want "package-level variable number"

var _ = rand.Int() + randv2.Int()

var pattern = regexp.MustCompile("x") // want "package-level variable pattern"

var first sync.Pool // a reason

var (
	second = sync.Pool{ // want "the sync.Pool second needs a comment"
		New: func() any { return 1 },
	}
)

// A reason for the group.
var third = sync.Pool{New: func() any { return 1 }}

var now = func() int { return 1 } // want "package-level variable now"

//lint:immutable tables that are only read
var (
	table = map[string]int{"a": 1}
	list  = []int{1}
)

var bare = map[string]int{} /* want "package-level variable bare" "//lint:immutable needs a reason" */ //lint:immutable

var text = "x" //lint:immutable the default, which nobody changes

func init() { // want "no init functions"
	counter = 2
}

type value struct{}

func (value) init() {}

func breaksItsWord() {
	table["a"] = 2    // want "table is declared not to change, and is assigned to here"
	list[0]++         // want "list is declared not to change, and is changed here"
	text = "y"        // want "text is declared not to change, and is assigned to here"
	delete(table, "") // want "table is declared not to change, and is changed here"
	p := &list        // want "list is declared not to change, and is lent out by address here"
	_ = p
	ErrFine = nil // want "ErrFine is declared not to change"
	table := map[string]int{}
	table["a"] = 3
}
