package keys

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Pin lists which URLs may be fetched, and what a certificate found there must be. It is data of a provider's entry.
//
// A URL is allowed if it is exactly "https://", one of the hosts, and a path of the grammar. There is no way to allow a
// port, a user, a query, a fragment, an escape or a dot segment. The zero value allows nothing.
type Pin struct {
	Hosts []Host
	Path  Path

	// Roots are the authorities trusted for the certificates. Default: [Options.Roots].
	Roots *x509.CertPool
	// Intermediates help to build the chain where the file holds only the leaf. They are not trusted by themselves.
	Intermediates *x509.CertPool
	// KeyUsages are extended key usages. A certificate must have one of them. Default: TLS server authentication.
	KeyUsages []x509.ExtKeyUsage
}

// Host is a host that is pinned.
type Host struct {
	// Name is the exact host, in lower case: "api.example.com".
	Name string
	// CertificateNames are DNS names. A certificate from this host must have one of them, exactly: a wildcard in the
	// certificate does not count. Only [Certificates] uses them. Default: Name.
	CertificateNames []string
}

// Path is a grammar of paths: Prefix, then a name of MinName to MaxName characters of Alphabet, then Suffix. With a
// MaxName of 0 it is the single path Prefix plus Suffix.
type Path struct {
	Prefix           string // begins with a slash
	Alphabet         string // ASCII letters, digits, "-" and "_"; empty if Prefix and Suffix are all
	MinName, MaxName int
	Suffix           string
}

// Alphabets of [Path].
const (
	AlphabetHex  = "0123456789abcdef"
	AlphabetWord = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
)

// maxURLBytes bounds a reference, and so the size of a key in the cache.
const maxURLBytes = 512

// exactly returns the pin of one URL. compile and allow check the host and the path.
func exactly(text string) (Pin, error) {
	rest, ok := strings.CutPrefix(text, "https://")
	if !ok {
		return Pin{}, fmt.Errorf("sallyport: keys: %s does not begin with https://", quote(text))
	}
	host, tail, found := strings.Cut(rest, "/")
	if !found {
		return Pin{}, fmt.Errorf("sallyport: keys: %s has no path", quote(text))
	}
	return Pin{Hosts: []Host{{Name: host}}, Path: Path{Prefix: "/" + tail}}, nil
}

// compile returns a copy of the pin, and every mistake in it. The caller may change the original later.
func (p Pin) compile() (*Pin, error) {
	var mistakes []error
	mistake := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("sallyport: keys: "+format, args...))
	}
	if len(p.Hosts) == 0 {
		mistake("the pin has no host")
	}
	hosts := make([]Host, len(p.Hosts))
	for i, h := range p.Hosts {
		// A certificate must name at least the host itself: without names, any valid certificate would do.
		names := slices.Clone(h.CertificateNames)
		if len(names) == 0 {
			names = []string{h.Name}
		}
		for _, name := range append([]string{h.Name}, names...) {
			if !isHostName(name) {
				mistake("%s is not the full name of a host, in lower case and without a port", quote(name))
			}
		}
		hosts[i] = Host{Name: h.Name, CertificateNames: names}
	}
	p.Hosts = hosts
	// The path must be plain with a name in it and, where the name may be empty, without one. Names are of an alphabet
	// without dots and slashes, so a single letter stands for all of them.
	nameless := p.Path.Prefix + p.Path.Suffix
	if !isPlainPath(p.Path.Prefix+"x"+p.Path.Suffix) || p.Path.MinName == 0 && !isPlainPath(nameless) {
		mistake("the path %s is not a plain one that begins with a slash", quote(nameless))
	}
	switch {
	case !only(p.Path.Alphabet, AlphabetWord):
		mistake("the alphabet of the path may hold ASCII letters, digits, - and _")
	case p.Path.MinName < 0 || p.Path.MaxName < p.Path.MinName || p.Path.MaxName > 256:
		mistake("the name in the path is of %d to %d characters; the limit is 256", p.Path.MinName, p.Path.MaxName)
	case (p.Path.MaxName > 0) != (p.Path.Alphabet != ""):
		mistake("the name in the path needs both an alphabet and a length")
	}
	p.KeyUsages = slices.Clone(p.KeyUsages)
	if p.Roots != nil {
		p.Roots = p.Roots.Clone()
	}
	if p.Intermediates != nil {
		p.Intermediates = p.Intermediates.Clone()
	}
	return &p, errors.Join(mistakes...)
}

// allow returns the host of a URL that the pin allows. It fails closed on everything else. It compares byte strings and
// decodes nothing, so there is no second reading of the URL that could name another place.
func (p *Pin) allow(text string) (Host, error) {
	if len(text) > maxURLBytes {
		return Host{}, fault(ErrNotAllowed, "a URL of %d bytes", len(text))
	}
	rest, ok := strings.CutPrefix(text, "https://")
	if !ok {
		return Host{}, fault(ErrNotAllowed, "%s does not begin with https://", quote(text))
	}
	slash := max(strings.IndexByte(rest, '/'), 0) // without a slash the host is empty, which no pin lists
	i := slices.IndexFunc(p.Hosts, func(h Host) bool { return h.Name == rest[:slash] })
	if i < 0 {
		return Host{}, fault(ErrNotAllowed, "%s is not at a host that the entry pins", quote(text))
	}
	if !p.Path.matches(rest[slash:]) {
		return Host{}, fault(ErrNotAllowed, "%s is not at a path where this provider has its keys", quote(text))
	}
	// The request is made of the parsed form, which must mean the same.
	if u, err := url.Parse(text); err != nil || u.Host != rest[:slash] || u.Path != rest[slash:] || u.String() != text {
		return Host{}, fault(ErrNotAllowed, "%s can be read in two ways", quote(text))
	}
	return p.Hosts[i], nil
}

// fixed returns the only URL that the pin allows, if there is just one.
func (p *Pin) fixed() (string, bool) {
	if len(p.Hosts) != 1 || p.Path.MaxName != 0 {
		return "", false
	}
	return "https://" + p.Hosts[0].Name + p.Path.Prefix + p.Path.Suffix, true
}

// matches reports whether a path is of the grammar. Suffix is cut from what follows Prefix, so they cannot overlap.
func (g *Path) matches(text string) bool {
	name, ok := strings.CutPrefix(text, g.Prefix)
	if !ok {
		return false
	}
	if name, ok = strings.CutSuffix(name, g.Suffix); !ok {
		return false
	}
	return len(name) >= g.MinName && len(name) <= g.MaxName && only(name, g.Alphabet)
}

// only reports whether every byte of text is in the alphabet. An empty text has only such bytes.
func only(text, alphabet string) bool {
	for i := range len(text) {
		if strings.IndexByte(alphabet, text[i]) < 0 {
			return false
		}
	}
	return true
}

// isHostName reports whether a name is a host of at least two labels, in lower case, and not an address.
func isHostName(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil || len(name) > 253 {
		return false
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || !only(l,
			"abcdefghijklmnopqrstuvwxyz0123456789-") {
			return false
		}
	}
	// Some resolvers read a name with a last label of digits as an address.
	return len(labels) >= 2 && !only(labels[len(labels)-1], "0123456789")
}

// isPlainPath reports whether a path is free of escapes, dot segments and empty segments. It may end with a slash.
func isPlainPath(text string) bool {
	clean := path.Clean(text)
	return strings.HasPrefix(text, "/") && only(text, AlphabetWord+"./~") && (text == clean || text == clean+"/")
}
