package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// full is a file on a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"providers"}, {"secret", "new", "--provider", "stripe"}, {"serve", "--sample"}, {"completion", "bash"},
		{"help"}, {"send", "--help"},
		{"listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0"},
	} {
		cmd := newCommand(t)
		var problem bytes.Buffer
		status := run(t.Context(), args, streams{strings.NewReader(""), full{}, &problem},
			func(name string) string { return cmd.env[name] })
		require.Equal(t, usage, status, "%q", args)
		require.Contains(t, problem.String(), "no space left on device", "%q", args)
	}
}

// A command that waits for standard input ends at the first interrupt.
func TestAnInterruptEndsACommandThatReads(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "stripe")
	for _, args := range [][]string{
		{"secret", "check", "--provider", "stripe"}, {"doctor", "-"},
		{"doctor", "--body", "-", written(t, "a.http", request)},
		{"sign", "--provider", "stripe", "--body", "-"},
	} {
		ctx, interrupt := context.WithCancelCause(t.Context())
		in, end := io.Pipe()
		status := make(chan int, 1)
		var out, problem bytes.Buffer
		go func() {
			status <- run(ctx, args, streams{in, &out, &problem}, func(name string) string { return cmd.env[name] })
		}()
		_, err := end.Write([]byte("x")) // it reads
		require.NoError(t, err)
		interrupt(errors.New("interrupt signal received"))
		require.Equal(t, usage, <-status, "%q", args)
		require.Contains(t, problem.String(), "interrupt signal received", "%q", args)
		require.Empty(t, out.String())
		require.NoError(t, end.Close())
	}
}
