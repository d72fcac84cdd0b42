package terminal_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/terminal"
)

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	require.Equal(t, "text", terminal.Painter(&bytes.Buffer{}, none)(terminal.Red, "text"), "a pipe")
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	require.Equal(t, "text", terminal.Painter(file, none)(terminal.Red, "text"), "a file")
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a device of characters, as a terminal is
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, device.Close()) })
	require.Equal(t, "\x1b[1;31mtext\x1b[0m", terminal.Painter(device, none)(terminal.Red, "text"))
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		paint := terminal.Painter(device, func(asked string) string {
			if asked == name {
				return value
			}
			return ""
		})
		require.Equal(t, "text", paint(terminal.Red, "text"), name)
	}
}

func TestTextSteersNoTerminal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a \uFFFD[2J b", terminal.OneLine("a\n\x1b[2J\r b"))
	require.Equal(t, "{\"a\":\"\\u009b\"}\n", terminal.Escaped("{\"a\":\"\u009b\"}\n"))
	require.Equal(t, "a    b\nccc  d\n", terminal.Columns([][]string{{"a", "b"}, {"ccc", "d"}}))
}
