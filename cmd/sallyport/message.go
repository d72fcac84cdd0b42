package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// content is the flags that say what is sent.
type content struct {
	eventType string
	set       []string
	body      string
	headers   []string
	publicURL string

	own []byte // what --body holds
}

func (c *content) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.eventType, "type", "", "`type` of the event: one of the sender's samples, or any other")
	completesTypes(cmd)
	cmd.Flags().StringArrayVar(&c.set, "set", nil,
		"`path=value` to change in the body, data.object.amount=1000; may be repeated")
	cmd.Flags().StringVar(&c.body, "body", "", "`file` with the body; - is standard input. Default: a sample")
	cmd.Flags().StringArrayVar(&c.headers, "header", nil, "`Name: value` to send as well; may be repeated")
	cmd.Flags().StringVar(&c.publicURL, "public-url", "",
		"`URL` registered at the sender, for those that sign it. Default: the one that is sent to")
}

const maxBody = 64 << 20

// load reads the body of --body, once for all deliveries: standard input can be read a single time.
func (c *content) load(in io.Reader) error {
	if c.body == "" {
		return nil
	}
	if c.body != "-" {
		f, err := os.Open(c.body)
		if err != nil {
			return fmt.Errorf("--body: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	var err error
	c.own, err = io.ReadAll(io.LimitReader(in, maxBody+1))
	switch {
	case err != nil:
		return fmt.Errorf("--body: %w", err)
	case len(c.own) > maxBody:
		return fmt.Errorf("--body is longer than %d bytes", maxBody)
	}
	return nil
}

// sample makes the body and the headers that the sender sends besides its proof. load has to come before it.
func (c *content) sample(s *sender) (webhooktest.Sample, error) {
	made, err := c.unchanged(s)
	if err != nil {
		return made, err
	}
	if c.body == "" {
		made = s.fresh(made) // a sample that is sent twice is two events: the second would run nothing
	}
	if len(c.set) > 0 {
		if made.Body, err = set(made.Body, c.set); err != nil {
			return made, err
		}
	}
	if made.Header == nil {
		made.Header = http.Header{}
	}
	for _, text := range c.headers {
		name, value, ok := strings.Cut(text, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !validHeader(name, value) {
			return made, fmt.Errorf("--header %.200q is not \"Name: value\"", text)
		}
		made.Header.Set(name, value)
	}
	return made, nil
}

// validHeader reports whether a header can be sent: a name of one word, and a value in one line.
func validHeader(name, value string) bool {
	const word = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return name != "" && strings.Trim(name, word) == "" &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func (c *content) unchanged(s *sender) (webhooktest.Sample, error) {
	if c.body != "" {
		return webhooktest.Sample{Type: c.eventType, Body: slices.Clone(c.own)}, nil
	}
	samples := webhooktest.Samples(s.provider)
	for _, one := range samples {
		if c.eventType == "" || one.Type == c.eventType {
			return one, nil
		}
	}
	if len(samples) == 0 {
		kind := cmp.Or(c.eventType, "test")
		id := "evt_" + strconv.FormatInt(time.Now().UnixNano(), 36)
		event := any(map[string]any{"id": id})
		if err := s.address(&event, kind); err != nil {
			return webhooktest.Sample{}, err
		}
		body, err := json.Marshal(event)
		return webhooktest.Sample{Type: kind, Body: body}, err
	}
	// A type without a sample: the first one's body, under the other name, where it stands in the body.
	one := samples[0]
	if !bytes.Contains(one.Body, []byte(strconv.Quote(one.Type))) {
		return one, fmt.Errorf("--type: there is no sample %q; there are %s. Give a body of your own by --body",
			c.eventType, strings.Join(typesOf(samples), ", "))
	}
	one.Body = bytes.ReplaceAll(one.Body, []byte(strconv.Quote(one.Type)), []byte(strconv.Quote(c.eventType)))
	one.Type = c.eventType
	return one, nil
}

// address writes the type into an event that no sample is known of, and, for a sender that anybody can have send here,
// the first receiver that the provider is configured with.
func (s *sender) address(event *any, kind string) error {
	e, err := entry.Of(s.provider)
	if err != nil {
		return err
	}
	at := []string{"type"}
	if len(e.Event.Type) > 0 && e.Event.Type[0].Envelope != "" {
		at = strings.Split(strings.TrimPrefix(e.Event.Type[0].Envelope, "/"), "/")
	}
	err = put(event, at, kind)
	if e.Recipient == nil || len(e.Recipient.Allowed) == 0 {
		return err
	}
	parts := strings.SplitN(e.Recipient.Allowed[0], "/", len(e.Recipient.Pointers))
	for i, part := range parts {
		err = errors.Join(err, put(event, strings.Split(strings.TrimPrefix(e.Recipient.Pointers[i], "/"), "/"), part))
	}
	return err
}

func typesOf(samples []webhooktest.Sample) (all []string) {
	for _, one := range samples {
		all = append(all, one.Type)
	}
	return all
}

// set changes members of a JSON body. A value that is not JSON is text.
func set(body []byte, changes []string) ([]byte, error) {
	var root any
	if err := decoder(body).Decode(&root); err != nil {
		return nil, errors.New("--set changes JSON bodies, and this is not one")
	}
	for _, text := range changes {
		path, value, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return nil, fmt.Errorf("--set %q is not path=value", text)
		}
		var v any
		if unmarshal([]byte(value), &v) != nil {
			v = value
		}
		if err := put(&root, strings.Split(path, "."), v); err != nil {
			return nil, fmt.Errorf("--set %s: %w", path, err)
		}
	}
	return json.Marshal(root)
}

// decoder keeps numbers as they are written: a long one would lose its last digits.
func decoder(text []byte) *json.Decoder {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d
}

// unmarshal is json.Unmarshal with the numbers of decoder.
func unmarshal(text []byte, into any) error {
	d := decoder(text)
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON text")
	}
	return nil
}

func put(at *any, path []string, value any) error {
	if len(path) == 0 {
		*at = value
		return nil
	}
	switch v := (*at).(type) {
	case map[string]any:
		next := v[path[0]]
		if next == nil && len(path) > 1 {
			next = map[string]any{}
		}
		err := put(&next, path[1:], value)
		v[path[0]] = next
		return err
	case []any:
		n, err := strconv.Atoi(path[0])
		if err != nil || n < 0 || n >= len(v) {
			return fmt.Errorf("there is no element %q", path[0])
		}
		return put(&v[n], path[1:], value)
	}
	return fmt.Errorf("nothing is below %q: it is not an object", path[0])
}

// sign makes a signed request to an endpoint. The URL that is signed is the registered one.
func (s *sender) sign(
	target *url.URL, publicURL string, sample webhooktest.Sample, at time.Time,
) (*http.Request, error) {
	signed, err := registered(target, publicURL)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, signed.String(), bytes.NewReader(sample.Body))
	if err != nil {
		return nil, err
	}
	r.RequestURI = signed.RequestURI()
	for name, values := range sample.Header {
		r.Header[name] = append([]string(nil), values...)
	}
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if err := webhooktest.Sign(r, s.provider, s.Signing, at); err != nil {
		return nil, err
	}
	return deliver(r, target)
}

// registered returns the URL that a sender signs. Without --public-url it is the target; senders know https only, and
// so a program on this machine has it behind a proxy.
func registered(target *url.URL, publicURL string) (*url.URL, error) {
	if publicURL == "" {
		u := *target
		u.Scheme = "https"
		return &u, nil
	}
	u, err := parseTarget(publicURL)
	if err != nil {
		return nil, fmt.Errorf("--public-url: %w", err)
	}
	return u, nil
}

// deliver makes of a signed request one that is sent to the target, with the query that signing may have added.
func deliver(signed *http.Request, target *url.URL) (*http.Request, error) {
	body, err := io.ReadAll(signed.Body)
	if err != nil {
		return nil, err
	}
	to := *target
	to.RawQuery = signed.URL.RawQuery
	r, err := http.NewRequest(signed.Method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = signed.Header
	// A program on this machine has no TLS of its own. What a proxy in front of it would say is said for it.
	if target.Scheme == "http" {
		r.Header.Set("X-Forwarded-Proto", "https")
	}
	return r, nil
}
