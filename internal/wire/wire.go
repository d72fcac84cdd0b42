// Package wire sends deliveries as a sender does: no redirect is followed, no proxy is used, and no name leads to where
// clouds give out credentials. The command and the demo share it.
package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// Client sends to addresses of this machine only, unless remote ones are allowed, and never to an address that gives
// out the credentials of a machine in a cloud. The address is checked when the connection is made, so that no name can
// lead elsewhere.
func Client(remote bool) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return Allowed(address, remote)
	}}
	return &http.Client{
		Timeout: 2 * time.Minute,
		// No proxy: it would make the connection, and none of this would be checked.
		// Nor does one connection serve two deliveries: they come from many machines.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true,
		},
		// A sender of webhooks follows no redirect with the signature; what the endpoint answers is what is shown.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Allowed returns an error for an address that is not sent to.
func Allowed(address string, remote bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	switch {
	case metadata(ip):
		return fmt.Errorf("%s gives out a cloud's credentials: it is never sent to", ip)
	case ip.IsLoopback(), remote:
		return nil
	}
	return &RemoteError{ip}
}

// RemoteError is the error of a connection to another machine, where only this one may be sent to.
type RemoteError struct{ Address netip.Addr }

// Error implements error.
func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s is not this machine: add --allow-remote if it is yours", e.Address)
}

// metadata reports whether clouds serve their machines' credentials at an address, or at one of its network. The zone
// of an address does not matter, and an IPv4 address counts in each form in which IPv6 carries one.
func metadata(ip netip.Addr) bool {
	ip = ip.WithZone("").Unmap()
	if slices.ContainsFunc(embedded(ip), metadata) {
		return true
	}
	for _, network := range []string{
		"169.254.0.0/16", "fe80::/10", // link-local: AWS, Azure, Google, DigitalOcean, Oracle and others
		"fd00:ec2::/32", "fd20:ce::/32", "fd00:42::/32", // AWS, Google and Scaleway over IPv6
		"100.100.100.200/32", // Alibaba
		"168.63.129.16/32",   // Azure's host
		"192.0.0.192/32",     // Oracle, formerly
	} {
		if p, err := netip.ParsePrefix(network); err == nil && p.Contains(ip) {
			return true
		}
	}
	return false
}

// embedded returns the IPv4 addresses to which a translator or a tunnel may take an IPv6 address (RFC 3056, 4291, 4380,
// 5214, 6052, 7915, 8215). Where the length of a translator's prefix is not known, there is one for each.
func embedded(ip netip.Addr) (all []netip.Addr) {
	if !ip.Is6() {
		return nil
	}
	b := ip.As16()
	add := func(b ...byte) { all = append(all, netip.AddrFrom4([4]byte(b))) }
	in := func(prefix string) bool { return netip.MustParsePrefix(prefix).Contains(ip) }
	if in("64:ff9b::/96") || in("64:ff9b:1::/48") || in("::/96") || in("::ffff:0:0:0/96") || // translators
		b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe { // ISATAP, in any network
		add(b[12:]...)
	}
	if in("64:ff9b:1::/48") {
		add(b[6], b[7], b[9], b[10])
		add(b[7], b[9], b[10], b[11])
		add(b[9:13]...)
	}
	if in("2002::/16") {
		add(b[2:6]...)
	}
	if in("2001::/32") { // Teredo
		add(^b[12], ^b[13], ^b[14], ^b[15])
	}
	return all
}

// ParseTarget reads the URL of an endpoint.
func ParseTarget(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the URL of the endpoint cannot be read: begin it with http:// or https://")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("the URL of the endpoint begins with http:// or https://")
	case u.User != nil:
		return nil, errors.New("the URL of the endpoint holds a password, which every list of processes shows: " +
			"name its variable by --secret-env")
	}
	u.Path = cmp.Or(u.Path, "/")
	return u, nil
}

// Send sends a request and returns the answer, of whose body the beginning is read.
func Send(ctx context.Context, c *http.Client, r *http.Request) (Answer, error) {
	begin := time.Now()
	w, err := c.Do(r.WithContext(ctx))
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = w.Body.Close() }()
	body := make([]byte, 4096)
	n := 0
	for n < len(body) {
		m, err := w.Body.Read(body[n:])
		if n += m; err != nil {
			break // the beginning is enough
		}
	}
	return Answer{Status: w.StatusCode, Header: w.Header, Body: string(body[:n]), Took: time.Since(begin)}, nil
}

// Answer is what an endpoint answered.
type Answer struct {
	Status int           `json:"status"`
	Header http.Header   `json:"-"`
	Body   string        `json:"body,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

// Accepted reports whether the sender takes the delivery for received.
func (a Answer) Accepted() bool { return a.Status >= 200 && a.Status < 300 }
