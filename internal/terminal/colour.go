package terminal

import (
	"io"
	"os"
)

// Colour is the parameter of an escape sequence.
type Colour string

// The colours, and what stands out.
const (
	Bold   Colour = "1"
	Red    Colour = "1;31"
	Green  Colour = "32"
	Yellow Colour = "33"
)

// Painting writes a text in a colour.
type Painting func(Colour, string) string

// Painter paints for terminals only, and not where NO_COLOR or TERM=dumb asks for none.
func Painter(w io.Writer, getenv func(string) string) Painting {
	f, ok := w.(*os.File)
	if ok && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return func(c Colour, s string) string { return "\x1b[" + string(c) + "m" + s + "\x1b[0m" }
		}
	}
	return func(_ Colour, s string) string { return s }
}
