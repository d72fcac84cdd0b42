package main

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/internal/wire"
)

// answer is what an endpoint answered, as the command prints it.
type answer struct{ wire.Answer }

// accepted reports whether the sender takes the delivery for received.
func (a answer) accepted() bool { return a.Accepted() }

func client(remote bool) *http.Client           { return wire.Client(remote) }
func parseTarget(text string) (*url.URL, error) { return wire.ParseTarget(text) }

func send(ctx context.Context, c *http.Client, r *http.Request) (answer, error) {
	a, err := wire.Send(ctx, c, r)
	return answer{a}, err
}
