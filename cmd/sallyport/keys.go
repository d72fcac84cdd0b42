package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// sender is a provider, and the secret that deliveries are signed with.
type sender struct {
	entry    catalogue.Entry
	provider core.Provider
	// Configured is what an endpoint is set up with; Signing differs from it for key pairs only.
	Configured, Signing string

	token string // the verify token of a receiver that chose one; empty: that of tests
}

// asksToken reports whether the sender presents a verify token while its URL is saved.
func (s *sender) asksToken() bool { return s.entry.Has(catalogue.VerifyToken) }

// choice is the flags that choose a sender.
type choice struct {
	provider, secretEnv string
	verifyTokenEnv      string
	parameters          []string
}

// provide makes the provider that the flags name.
func (p *program) provide(c *choice) (catalogue.Entry, core.Provider, error) {
	if c.provider == "" {
		return catalogue.Entry{}, core.Provider{},
			errors.New("--provider is missing: \"sallyport providers\" lists the names")
	}
	e, ok := catalogue.ByName(c.provider)
	if !ok {
		return catalogue.Entry{}, core.Provider{}, errors.New("--provider: " + catalogue.Unknown(c.provider))
	}
	values, own := catalogue.Values{}, map[string]catalogue.Parameter{}
	for _, one := range e.Parameters {
		own[one.Name] = one
		if one.Required {
			values[one.Name] = one.Sample // a test needs some; the user's own take their place
		}
	}
	given := map[string]bool{}
	for _, text := range c.parameters {
		name, value, ok := strings.Cut(text, "=")
		switch {
		case !ok || name == "":
			return e, core.Provider{}, fmt.Errorf("--param %.200q is not name=value", text)
		case own[name].Field == "PublicURL":
			return e, core.Provider{}, fmt.Errorf("--param %s: has a flag of its own, --public-url", name)
		case own[name].Field != "":
			return e, core.Provider{}, fmt.Errorf("--param %s: is a setting of an endpoint, which serve has", name)
		case own[name].Secret: // an argument is no place for a secret
			var err error
			if value, err = p.variable("--param "+name, value); err != nil {
				return e, core.Provider{}, err
			}
		}
		if !given[name] {
			values[name], given[name] = nil, true
		}
		values[name] = append(values[name], value)
	}
	made, err := e.Provider(values)
	if err != nil {
		err = fmt.Errorf("--param: %w", err)
	}
	return e, made, err
}

// sender returns the sender with the secret of --secret-env, or else the one that is kept on this machine. Where none
// is, and fresh is set, it makes one and keeps it.
func (p *program) sender(c *choice, fresh bool) (*sender, bool, error) {
	e, provided, err := p.provide(c)
	if err != nil {
		return nil, false, err
	}
	s := &sender{entry: e, provider: provided}
	if c.verifyTokenEnv != "" {
		if !s.asksToken() {
			return nil, false, fmt.Errorf("--verify-token-env: %s asks for no token", e.Name)
		}
		if s.token, err = p.variable("--verify-token-env", c.verifyTokenEnv); err != nil {
			return nil, false, err
		}
	}
	if c.secretEnv != "" {
		s.Configured, err = p.variable("--secret-env", c.secretEnv)
		s.Signing = s.Configured
		return s, false, err
	}
	file, err := p.stateFile(e.Name + keySuffix)
	if err != nil {
		return nil, false, err
	}
	text, err := readPrivate(file)
	switch {
	case err == nil:
		if err := json.Unmarshal(text, s); err != nil || s.Signing == "" {
			return nil, false, fmt.Errorf("%s does not hold a secret: remove it", file)
		}
		return s, false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, err
	case !fresh:
		return nil, false, fmt.Errorf("there is no secret for %s: give --secret-env, or run \"sallyport listen\" or "+
			"\"sallyport secret new --keep\" first", e.Name)
	}
	s.Configured, s.Signing = webhooktest.Keys(provided)
	return s, true, s.keep(file)
}

// variable returns what an environment variable holds that a flag names.
func (p *program) variable(flag, name string) (string, error) {
	text := p.getenv(name)
	if text == "" {
		return "", fmt.Errorf("%s: %s", flag, receiver.Unset(name))
	}
	return text, nil
}

// The files of a sender: its keys, and where listen receives.
const (
	keySuffix   = ".json"
	placeSuffix = ".url"
)

// stateFile is where something is kept for tests on this machine.
func (p *program) stateFile(name string) (string, error) {
	folder := p.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(folder) { // the XDG specification ignores it: the secret would stand where the command runs
		home := p.getenv("HOME")
		if home == "" {
			return "", errors.New("HOME is not set: give --secret-env")
		}
		folder = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(folder, "sallyport", name), nil
}

// keep writes the secret into a file.
func (s *sender) keep(file string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return writePrivate(file, text)
}

// webhook returns the sender for deliveries to an address.
func (s *sender) webhook(host string) *webhooktest.Sender {
	w := webhooktest.NewSenderWithKeys(s.provider, s.Configured, s.Signing)
	w.Host, w.VerifyToken = host, s.token
	return w
}
