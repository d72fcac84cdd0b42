package inbound_test

import (
	"encoding/base64"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails where a goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
