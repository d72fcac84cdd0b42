package inbound

import (
	"context"
	"net/http"
	"time"
)

// Config says how messages are read. The zero value reads every sender whose deliveries hold the message.
type Config struct {
	// Sender is the name of the email sender, where the guard's provider is a general one: "sendgrid" behind
	// provider.Basic(). Empty: the event's own provider.
	Sender string

	// APIKey is the user's credential for content that the sender's API has to be asked for: Brevo's attachments,
	// Resend's and Mailtrap's messages. It is sent to the sender's own host alone. Empty: reading such a message is an
	// error.
	APIKey string
	// Client fetches content. Nil: one of its own, which follows no redirects, has a time limit, and connects to public
	// addresses only. It uses the proxy that the environment names (HTTPS_PROXY), which then resolves names itself.
	Client *http.Client
	// DownloadHosts are further hosts that links to content may name: Resend's own are known. Mailtrap documents none:
	// without them its messages have no content of files.
	DownloadHosts []string
	// Object returns an object in Amazon S3, for receipt rules that put messages there. Nil: reading such a message
	// is an error.
	Object func(ctx context.Context, bucket, key string) ([]byte, error)

	// SharedURL says that tracking events have the URL of messages that come in, and that the set has a receiver for
	// them, such as email.On with the option of the same name: [Receiver] leaves them to it. Without it they are
	// reported as deliveries to the wrong endpoint. Mandrill, which has one URL for both, does not need it.
	SharedURL bool

	MaxParts       int   // how many parts of a message are read, at every depth; 0: 1,000
	MaxDepth       int   // how deep parts may nest; 0: 20
	MaxHeaderBytes int   // how long the headers of a message may be; 0: 1 MiB
	MaxBytes       int64 // how large all parts may be together once decoded, and each answer that is fetched; 0: 64 MiB

	unifyLines bool // of texts that were read from a file
}

const fetchTimeout = 30 * time.Second

func (c *Config) maxParts() int       { return positiveOr(c.MaxParts, 1000) }
func (c *Config) maxDepth() int       { return positiveOr(c.MaxDepth, 20) }
func (c *Config) maxHeaderBytes() int { return positiveOr(c.MaxHeaderBytes, 1<<20) }
func (c *Config) maxBytes() int64     { return positiveOr(c.MaxBytes, 64<<20) }

func positiveOr[T int | int64](limit, byDefault T) T {
	if limit > 0 {
		return limit
	}
	return byDefault
}
