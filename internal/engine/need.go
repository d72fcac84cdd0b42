package engine

import (
	"errors"
	"fmt"
	"os"
)

// TB is what Need wants of a test.
type TB interface {
	Helper()
	Name() string
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Need skips a test, loudly, where err says that an engine is not installed; with SALLYPORT_REQUIRE_ENGINES=1 the test
// fails instead. Any other error, and none, are left to the test.
func Need(t TB, err error) {
	t.Helper()
	var missing *MissingError
	if !errors.As(err, &missing) {
		return
	}
	if os.Getenv("SALLYPORT_REQUIRE_ENGINES") == "1" {
		t.Fatalf("%v", err)
	}
	_, _ = fmt.Fprintf(os.Stderr, `
**********************************************************************
** NOT RUN: %s
** %v
** SALLYPORT_REQUIRE_ENGINES=1 makes this a failure.
**********************************************************************
`, t.Name(), err)
	t.Skipf("NOT RUN: %v", err)
}
