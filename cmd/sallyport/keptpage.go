package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/inspector"
)

// keptPage is the page of a listen or a serve of this user, kept in a file while it runs, where the commands for
// operators find it. The token that is printed is for one browser.
type keptPage struct {
	Host   string `json:"host"`
	Cookie string `json:"cookie"` // as the header has it; a secret
}

// The names of the files: one for each port.
const pagePrefix, pageSuffix = "page-", ".json"

// keepPage keeps a page until forget is called. A page that cannot be kept works in the browser all the same.
func (p *program) keepPage(page *inspector.Local) (forget func()) {
	at, err := url.Parse(page.URL())
	if err != nil {
		return func() {}
	}
	file, err := p.stateFile(pagePrefix + at.Port() + pageSuffix)
	if err != nil { // there is no home
		return func() {}
	}
	cookie := page.Cookie()
	text, err := json.Marshal(keptPage{at.Host, cookie.Name + "=" + cookie.Value})
	if err == nil {
		err = writePrivate(file, text)
	}
	if err != nil {
		return func() {}
	}
	return func() { removeOwn(file, text) }
}

// keptPages returns the pages that this user runs. It fails closed: a file that others can change could lead to a page
// of theirs.
func (p *program) keptPages() (all []keptPage, err error) {
	pattern, err := p.stateFile(pagePrefix + "*" + pageSuffix)
	if err != nil {
		return nil, nil // there is no home, and so no page
	}
	files, _ := filepath.Glob(pattern) // its one error is a pattern that is malformed
	for _, file := range files {
		text, err := readPrivate(file)
		if errors.Is(err, fs.ErrNotExist) { // it has just ended
			continue
		}
		if err != nil {
			return nil, err
		}
		var page keptPage
		if json.Unmarshal(text, &page) != nil || page.Host == "" {
			continue
		}
		if refusesConnections(page.Host) { // a program that was killed has left it
			removeOwn(file, text)
			continue
		}
		all = append(all, page)
	}
	return all, nil
}

// refusesConnections reports whether nothing listens at an address of this machine.
func refusesConnections(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

var errNoPage = errors.New("SALLYPORT_PAGE is not set: the address of the app's page, " +
	"https://hooks.example.com/inspector; and no \"sallyport listen\" or \"sallyport serve --page\" of yours runs " +
	"here. What only reads, or dismisses, takes --database too")

// ownPage returns the page of this user at an address, or the only one where that is empty.
func (p *program) ownPage(address *url.URL) (*remotePage, error) {
	all, err := p.keptPages()
	if err != nil {
		return nil, err
	}
	var hosts []string
	for _, kept := range all {
		hosts = append(hosts, "http://"+kept.Host)
		one := address == nil && len(all) == 1
		if one || address != nil && address.Scheme == "http" && sameHost(address.Host, kept.Host) {
			base := &url.URL{Scheme: "http", Host: kept.Host, Path: "/"}
			return &remotePage{name: "the page", base: base, cookie: kept.Cookie, http: client(false)}, nil
		}
	}
	switch {
	case address != nil:
		return nil, errors.New("SALLYPORT_LOGIN is not set: user:password, as the app's page wants it")
	case len(all) == 0:
		return nil, errNoPage
	}
	return nil, errors.New("several pages run here: set SALLYPORT_PAGE to one of " + strings.Join(hosts, ", "))
}

// sameHost compares an address as people write it with that of a listener.
func sameHost(given, listener string) bool {
	local, err := receiver.LocalAddress(given)
	return err == nil && local == listener
}

// authenticate adds what opens the page.
func (r *remotePage) authenticate(req *http.Request) {
	if r.cookie != "" {
		req.Header.Set("Cookie", r.cookie)
		return
	}
	user, password, _ := strings.Cut(r.login, ":")
	req.SetBasicAuth(user, password)
}
