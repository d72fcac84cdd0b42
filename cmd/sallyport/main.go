// Command sallyport makes, sends, receives and checks webhooks on a developer's machine, and works on the journal of a
// running app. See docs/command.md, and "sallyport help".
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)                   // a second signal ends the program at once
	slog.SetDefault(slog.New(slog.DiscardHandler)) // what a command has to say it prints itself
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv))
}
