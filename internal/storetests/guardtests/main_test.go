package guardtests_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails where a goroutine outlives the tests. More of them run at a time than there are processors, because
// they mostly wait for stores that do not answer; -parallel says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
