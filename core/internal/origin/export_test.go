package origin

import (
	"net/http"
	"net/netip"
)

// ParseForwarded gives the nodes and protos of a Forwarded header.
func ParseForwarded(lines ...string) (hops [][2]string, ok bool) {
	var c forwardedChain
	if !c.parse(lines) {
		return nil, false
	}
	for i := range c.n {
		hops = append(hops, [2]string{c.hops[i].node, c.hops[i].proto})
	}
	return hops, true
}

// HopAddr reads a member of X-Forwarded-For.
func HopAddr(s string) (netip.Addr, bool) { return hopAddr(s) }

// IPv4Peer reads a peer that is written as net/http writes IPv4.
func IPv4Peer(remote string) (netip.Addr, bool) { return ipv4Peer(remote) }

// PeerOf is the address of a connection whose other end net/http writes so.
func PeerOf(remote string) netip.Addr { return peerOf(&http.Request{RemoteAddr: remote}) }
