// Command doctor says what is wrong with a delivery that was refused, and how to fix it. Give it the request as it was
// saved, and the configuration of the receiver that refused it:
//
//	go -C examples run ./doctor -config receiver/receiver.yaml /tmp/refused.http
//	STRIPE_SECRET=whsec_... go -C examples run ./doctor -provider stripe -secret-env STRIPE_SECRET /tmp/refused.http
//
// A request is saved raw or as a HAR file, which browsers and proxies export.
//
// Its exit status is 0 where the delivery would be accepted, 1 where it would be refused, and 2 where it could not be
// judged.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
)

const usage = `doctor says what is wrong with a saved delivery, and how to fix it.

  doctor -config receiver.yaml refused.http
  doctor -provider stripe -secret-env STRIPE_SECRET refused.http
  doctor -config receiver.yaml -entry 3 refused.har

The request is raw HTTP: the request line, the headers, an empty line and the body, as tcpdump -A or a proxy's log shows
them; "-" reads standard input. What curl -v prints ("> POST /hooks HTTP/1.1") is understood too; it holds no body, which
-body then gives. The body has to be the bytes as they came: an editor that adds a line break spoils a signature, and
doctor says so. Or it is a HAR file, as browsers and proxies export it, of which -entry chooses the request where it
holds several.

Nothing is sent, remembered or changed. The secret is never printed.

Exit status: 0, it would be accepted; 1, it would be refused; 2, it could not be judged.

`

// Exit statuses.
const (
	accepted = iota
	refused
	unjudged
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// options are the arguments of the command.
type options struct {
	settings receiver.Settings
	endpoint string
	file     string // with the request
	entry    int    // of a HAR file, from 1; 0: the only one
	bodyFile string
	peer     string
	tls      bool
	at       time.Time
}

// run is main without the process: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return accepted
	case err != nil:
		return unjudged
	}
	status, err := diagnose(o, stdin, stdout)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "doctor:", err)
		return unjudged
	}
	return status
}

var errUsage = errors.New("wrong usage")

func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := options{settings: receiver.Settings{Path: "/hooks"}} // of flags: a name, and no more
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.settings.File, "config", "", "the receiver's YAML `file`")
	flags.StringVar(&o.endpoint, "endpoint", "",
		"`path` of the endpoint in -config; default: the request's own path, or the only endpoint")
	flags.StringVar(&o.settings.Provider, "provider", "", "`name` of the provider, without -config")
	flags.StringVar(&o.settings.SecretEnv, "secret-env", "",
		"environment `variable` with the secret, or user:password; a list, NEW,OLD, during a rotation")
	flags.StringVar(&o.settings.PublicURL, "public-url", "", "`URL` registered at the provider, for those that sign it")
	flags.StringVar(&o.settings.TrustedProxies, "trusted-proxies", "",
		"`addresses` of the proxies whose X-Forwarded-Proto counts; goes with -peer")
	flags.IntVar(&o.entry, "entry", 0, "`number` of the request in a HAR file, from 1; default: the only one")
	flags.StringVar(&o.bodyFile, "body", "", "`file` with the body, where the request was saved without it")
	flags.StringVar(&o.peer, "peer", "", "`address` that the request came from, 10.0.0.7, to judge TLS, proxies and "+
		"sources; default: they are not judged")
	flags.BoolVar(&o.tls, "tls", false, "it came over TLS, not through a proxy that ended it; goes with -peer")
	flags.Func("at", "`time` at which it came, 2026-01-01T00:00:00Z or seconds since 1970, to judge its freshness; "+
		"default: the time it names itself", func(text string) (err error) {
		if n, bad := strconv.ParseInt(text, 10, 64); bad == nil {
			o.at = time.Unix(n, 0)
			return nil
		}
		o.at, err = time.Parse(time.RFC3339, text)
		return err
	})
	flags.Usage = func() {
		_, _ = io.WriteString(stderr, usage)
		flags.PrintDefaults()
	}
	wrong := func(format string, args ...any) (*options, error) {
		_, _ = fmt.Fprintf(stderr, "doctor: "+format+"; see doctor -h\n", args...)
		return nil, errUsage
	}
	if err := flags.Parse(args); err != nil {
		return nil, err // it was printed
	}
	byFlags := o.settings.Provider != "" || o.settings.SecretEnv != "" || o.settings.PublicURL != "" ||
		o.settings.TrustedProxies != ""
	switch {
	case flags.NArg() != 1:
		return wrong(`give one file with the saved request, or "-"`)
	case o.settings.File != "" && byFlags:
		return wrong("-config goes without -provider, -secret-env, -public-url and -trusted-proxies")
	case o.settings.File == "" && o.settings.Provider == "":
		return wrong("give -config, or -provider and -secret-env")
	case o.entry < 0:
		return wrong("-entry is a number from 1")
	case o.tls && o.peer == "":
		return wrong("-tls goes with -peer")
	}
	o.file = flags.Arg(0)
	return &o, nil
}

// diagnose judges the request and prints what came of it.
func diagnose(o *options, stdin io.Reader, stdout io.Writer) (status int, err error) {
	saved, err := o.read(stdin)
	if err != nil {
		return 0, err
	}
	var out bytes.Buffer
	p := &patient{options: o, saved: saved}
	status, err = p.judge(&out)
	if err == nil {
		_, err = out.WriteTo(stdout)
	}
	return status, err
}

// maxSaved is far more than any delivery takes.
const maxSaved = 300 << 20

func (o *options) read(stdin io.Reader) (*saved, error) {
	raw, err := readFile(o.file, stdin)
	if err != nil {
		return nil, err
	}
	var s *saved
	switch {
	case isArchive(raw):
		s, err = parseArchive(raw, o.entry)
	case o.entry > 0:
		err = errors.New("-entry goes with a HAR file, and this is none")
	default:
		s, err = parse(raw)
	}
	if err != nil {
		return nil, err
	}
	if o.bodyFile != "" {
		if s.body, err = readFile(o.bodyFile, stdin); err != nil {
			return nil, err
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
