//go:build instructions && !(linux && amd64 && !race)

package core_test

import (
	"fmt"
	"os"
	"testing"
)

// TestInstructions says that nothing was counted: the bounds are those of one kind of processor, without the race
// detector.
func TestInstructions(t *testing.T) {
	fmt.Fprintln(os.Stderr, "** NOT RUN: TestInstructions counts on linux/amd64 without the race detector")
	t.Skip("NOT RUN: the bounds are those of linux/amd64 without the race detector")
}
