// Package doctor says what is wrong with a delivery that was refused, and how to fix it: "sallyport doctor". Nothing is
// sent, remembered or changed, and no secret is shown.
package doctor

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
)

// Options are the flags of doctor.
type Options struct {
	config, secretEnv string
	providers         []string
	publicURL         string
	trustedProxies    string
	parameters, keys  []string
	who               bool

	// Kept returns the secret of a sender that is kept on this machine; empty: there is none. nil: none is kept.
	Kept func(provider string) string

	endpoint string
	file     string // with the request
	entry    int    // of a HAR file, from 1; 0: the only one
	bodyFile string
	peer     string
	tls      bool
	at       time.Time
}

// Flags adds the flags to a set.
func (o *Options) Flags(flags *pflag.FlagSet) {
	flags.StringVar(&o.config, "config", "", "YAML `file` of serve")
	flags.StringVar(&o.endpoint, "endpoint", "",
		"`path` of the endpoint in --config. Default: the request's own path, or the only endpoint")
	flags.StringArrayVar(&o.providers, "provider", nil,
		"`name` of the sender, without --config; of several the one that sent it is looked for")
	flags.StringVar(&o.secretEnv, "secret-env", "",
		"environment `variable` with the secret, or user:password; a list, NEW,OLD, during a rotation.\nDefault: the "+
			"secret that listen or \"secret new --keep\" has kept on this machine")
	flags.StringVar(&o.publicURL, "public-url", "", "`URL` registered at the sender, for those that sign it")
	flags.StringVar(&o.trustedProxies, "trusted-proxies", "",
		"`addresses` of the proxies whose X-Forwarded-Proto counts; goes with --peer")
	flags.StringArrayVar(&o.parameters, "param", nil, "`name=value` of what the sender needs besides, as for serve")
	flags.StringArrayVar(&o.keys, "key", nil, "`file` with a public key as PEM, as for serve")
	flags.BoolVar(&o.who, "who", false, "who sent this? Try every endpoint of --config, or every --provider; without "+
		"them every sender that is known")
	flags.IntVar(&o.entry, "entry", 0, "`number` of the request in a HAR file, from 1. Default: the only one")
	flags.StringVar(&o.bodyFile, "body", "", "`file` with the body, where the request was saved without it")
	flags.StringVar(&o.peer, "peer", "", "`address` that the request came from, 10.0.0.7, to check TLS, proxies and "+
		"sources. Default: they are not checked")
	flags.BoolVar(&o.tls, "tls", false, "it came over TLS, not through a proxy that ended it; goes with --peer")
	flags.Var((*instant)(&o.at), "at", "`time` at which it came, 2026-01-01T00:00:00Z or seconds since 1970, to "+
		"check its freshness. Default: the time that it names itself")
}

// instant is a time as a flag.
type instant time.Time

// String implements [pflag.Value].
func (i *instant) String() string {
	if time.Time(*i).IsZero() {
		return ""
	}
	return time.Time(*i).Format(time.RFC3339)
}

// Set implements [pflag.Value].
func (i *instant) Set(text string) error {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		*i = instant(time.Unix(n, 0))
		return nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return errors.New("it is neither a time such as 2026-01-01T00:00:00Z nor seconds since 1970")
	}
	*i = instant(t)
	return nil
}

// Type implements [pflag.Value].
func (i *instant) Type() string { return "time" }

// Check reports flags that do not go together.
func (o *Options) Check(flags *pflag.FlagSet) error {
	var own []string
	flags.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "provider", "secret-env", "public-url", "trusted-proxies", "param", "key":
			own = append(own, "--"+f.Name)
		}
	})
	switch {
	case o.config != "" && own != nil:
		return fmt.Errorf("--config goes without %s: the file says it", strings.Join(own, ", "))
	case o.endpoint != "" && (o.config == "" || o.who):
		return errors.New("--endpoint goes with --config, and without --who")
	case o.entry < 0:
		return errors.New("--entry is a number from 1")
	case o.tls && o.peer == "":
		return errors.New("--tls goes with --peer")
	case o.peer != "":
		host, _, _ := net.SplitHostPort(withPort(o.peer)) // an empty host is not an address
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("--peer %.200q is not an address such as 10.0.0.7", o.peer)
		}
	}
	return nil
}

// withPort returns an address as a request has it. It adds a port where there is none.
func withPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return net.JoinHostPort(strings.Trim(address, "[]"), "1")
	}
	return address
}

// settings are those of one endpoint that flags describe.
func (o *Options) settings(provider string) *receiver.Options {
	s := receiver.Defaults()
	s.File, s.Provider, s.SecretEnv, s.PublicURL = o.config, provider, o.secretEnv, o.publicURL
	s.TrustedProxies, s.Parameters, s.Keys = o.trustedProxies, o.parameters, o.keys
	s.Secret = o.kept(provider)
	return s
}

// kept returns the secret of listen, unless flags name another.
func (o *Options) kept(provider string) string {
	if o.Kept == nil || provider == "" || o.secretEnv != "" || o.keys != nil {
		return ""
	}
	return o.Kept(provider)
}

// Diagnose reads the saved request and says what is wrong with it. "-" is standard input.
func Diagnose(o *Options, file string, stdin io.Reader) (Report, error) {
	if file == "-" && o.bodyFile == "-" {
		return nil, errors.New("--body: standard input holds the request already")
	}
	o.file = file
	raw, err := readFile(o.file, stdin)
	if err != nil {
		return nil, err
	}
	if kept, ok := parseEntry(raw); ok {
		return kept, nil
	}
	p := &patient{Options: o}
	if p.saved, err = o.read(raw, stdin); err != nil {
		return nil, err
	}
	if o.who || len(o.providers) > 1 || o.config == "" && len(o.providers) == 0 {
		return p.whoSent()
	}
	return p.diagnosis()
}

// Report is what a diagnosis has come to. As JSON it is for scripts.
type Report interface {
	String() string // for a person
	Good() bool     // nothing is wrong
}

// maxSaved is far more than any delivery takes.
const maxSaved = 300 << 20

func (o *Options) read(raw []byte, stdin io.Reader) (*saved, error) {
	var s *saved
	var err error
	switch {
	case isArchive(raw):
		s, err = parseArchive(raw, o.entry)
	case o.entry > 0:
		err = errors.New("--entry goes with a HAR file, and this is not one")
	default:
		s, err = parse(raw)
	}
	if err != nil {
		return nil, err
	}
	if o.bodyFile != "" {
		if s.body, err = readFile(o.bodyFile, stdin); err != nil {
			return nil, fmt.Errorf("--body: %w", err)
		}
		s.notes = nil
	}
	return s, nil
}

func readFile(name string, stdin io.Reader) ([]byte, error) {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxSaved+1))
	if err == nil && len(raw) > maxSaved {
		err = fmt.Errorf("%s is longer than %d bytes", name, maxSaved)
	}
	return raw, err
}
