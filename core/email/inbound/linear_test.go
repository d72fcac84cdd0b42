package inbound_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/email/inbound"
)

// TestAMessageIsReadInOnePass: anybody can send a message. Its work must not grow with the square of a line, or of the
// lines of one header.
func TestAMessageIsReadInOnePass(t *testing.T) {
	t.Parallel()
	const size = 4 << 20
	rep := func(text string) string { return strings.Repeat(text, size/len(text)) }
	const multi = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	for name, message := range map[string]string{
		"one line of what begin as boundaries": multi + rep("--b \t"),
		"lines that begin as boundaries":       multi + rep("--bb\r\n"),
		"a boundary behind blanks":             multi + rep(" ") + "--b",
		"a folded header":                      "Subject: a" + rep("\r\n b") + "\r\n\r\nhi",
		"a folded header of a part":            multi + "--b\r\nX: a" + rep("\r\n b") + "\r\n\r\nhi\r\n--b--",
	} {
		began := time.Now()
		m := raw(t, message, inbound.Config{MaxHeaderBytes: 2 * size})
		require.NotNil(t, m)
		require.Less(t, time.Since(began), 5*time.Second, name) // milliseconds; half a minute with the square
	}
}

func TestBoundariesStandAtTheBeginningOfALine(t *testing.T) {
	t.Parallel()
	m := raw(t, "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble --b\r\n--b \t\r\n\r\nx--b\r\n--bc\r\n--b x\r\n"+
		"y --b --b\r\n--b--\r\nend", inbound.Config{})
	require.Equal(t, "x--b\r\n--bc\r\n--b x\r\ny --b --b", m.Text)
	require.Empty(t, m.Defects)
}

func TestALineThatContinuesAHeaderIsPartOfIt(t *testing.T) {
	t.Parallel()
	m := raw(t, " nothing before it\r\nSubject: a\r\n b\r\n\tc\r\nX-A: 1\r\n 2\r\n\r\nhi", inbound.Config{})
	require.Equal(t, []inbound.Header{{Name: "Subject", Value: "a b\tc"}, {Name: "X-A", Value: "1 2"}}, m.Headers)
	require.Equal(t, "hi", m.Text)
}
