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
	if _, ok := errors.AsType[*MissingError](err); ok && os.Getenv("SALLYPORT_REQUIRE_ENGINES") == "1" {
		t.Fatalf("%v", err)
	}
	skip(t, err, "SALLYPORT_REQUIRE_ENGINES=1 makes this a failure.")
}

// Want is Need for an engine that not every system has among its packages: it never makes the test fail.
func Want(t TB, err error) {
	t.Helper()
	skip(t, err, "It is required nowhere: not every system has it.")
}

func skip(t TB, err error, remark string) {
	t.Helper()
	var missing *MissingError
	if !errors.As(err, &missing) {
		return
	}
	_, _ = fmt.Fprintf(os.Stderr, `
**********************************************************************
** NOT RUN: %s
** %v
** %s
**********************************************************************
`, t.Name(), err, remark)
	t.Skipf("NOT RUN: %v", err)
}
