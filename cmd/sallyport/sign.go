package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/internal/plain"
)

func (p *program) signCommand() *cobra.Command {
	var to choice
	var what content
	var asCurl bool
	c := &cobra.Command{
		Use: "sign [URL]", Short: "Print the headers of a body, as the sender would sign it",
		Long: paragraphs(
			"Print the headers of a body, as the sender would sign it now, or a curl command that sends it. " +
				"Where the sender writes the signature into the body or the URL, the curl command has it."),
		Example: "  sallyport sign --provider github --secret-env HOOK_SECRET --body event.json\n" +
			"  sallyport sign --provider stripe --curl http://127.0.0.1:8080/webhooks/stripe",
		Args: arguments(0, 1, "give one URL, or none"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, _, err := p.sender(&to, false)
			if err != nil {
				return err
			}
			address := "https://example.com/webhooks"
			if len(args) > 0 {
				address = args[0]
			}
			target, err := parseTarget(address)
			if err != nil {
				return err
			}
			if err := what.load(p.in); err != nil {
				return err
			}
			sample, err := what.sample(s)
			if err != nil {
				return err
			}
			r, err := s.sign(target, what.publicURL, sample, time.Now())
			if err != nil {
				return err
			}
			line, err := curl(r)
			if err != nil {
				return err
			}
			text := ""
			for _, name := range slices.Sorted(maps.Keys(r.Header)) {
				for _, value := range r.Header[name] {
					text += name + ": " + value + "\n"
				}
			}
			if asCurl {
				text = line + "\n"
			}
			return p.print(map[string]any{"url": r.URL.String(), "headers": r.Header, "curl": line}, text)
		},
	}
	chooseSecret(c, &to)
	what.flags(c)
	c.Flags().BoolVar(&asCurl, "curl", false, "print a curl command")
	return c
}

// curl returns a command that sends the request, for a shell.
func curl(r *http.Request) (string, error) {
	body, err := r.GetBody()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	from := " \\\n  --data-raw " + plain.Quoted(string(text)) // --data would remove line ends, and take @ for a file
	if printable(string(text)) != string(text) || !utf8.Valid(text) || len(text) > longestArgument {
		// No terminal shows such bytes as they are, and one copied differently has another signature. printf is a part
		// of the shell, and its arguments have no bound.
		b.WriteString("printf " + plain.Quoted(plain.Octal(string(text))) + " | ")
		from = " \\\n  --data-binary @-"
	}
	// curl would treat brackets and braces in a URL as a list of URLs, and send a request to each. It would shorten a
	// path with dots, which some senders sign.
	fmt.Fprintf(&b, "curl --globoff --path-as-is --request %s %s", plain.Word(r.Method), plain.Word(r.URL.String()))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			fmt.Fprintf(&b, " \\\n  --header %s", plain.Word(plain.CurlHeader(name, value)))
		}
	}
	b.WriteString(from)
	return b.String(), nil
}

// longestArgument is a safe part of the 128 KiB that Linux passes to a program as one argument.
const longestArgument = 64 << 10
