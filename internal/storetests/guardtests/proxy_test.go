package guardtests_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// wire is what lies between a store and its server: it hands on what it reads, until it is asked to reset connections.
type wire struct {
	server string
	cut    atomic.Int32 // what it resets
	left   atomic.Int32 // how often it still does
	conns  sync.Map     // both ends of each connection
}

const (
	nothing   = iota
	questions // before the server sees them: without an effect
	answers   // once the server has given them: the effect is there, and nobody knows
)

// always is more often than a client tries.
const always = 1 << 30

// reset makes the wire reset a connection so many times.
func (w *wire) reset(what int32, times int32) {
	w.left.Store(times)
	w.cut.Store(what)
}

// newWire makes a wire, and the way on which a client takes it.
func newWire(t *testing.T) (w *wire, way func(addr string) string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w = &wire{}
	var group sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		w.conns.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
		group.Wait()
	})
	return w, func(addr string) string {
		w.server = addr
		group.Go(func() {
			for {
				client, err := l.Accept()
				if err != nil {
					return
				}
				group.Go(func() { w.connect(&group, client) })
			}
		})
		return l.Addr().String()
	}
}

func (w *wire) connect(group *sync.WaitGroup, client net.Conn) {
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		_ = client.Close()
		return
	}
	w.conns.Store(client, true)
	w.conns.Store(server, true)
	group.Go(func() { w.hand(server, client, client, answers) })
	w.hand(client, server, client, questions)
}

// hand hands on in one direction.
func (w *wire) hand(from, to, client net.Conn, what int32) {
	defer func() { _, _ = from.Close(), to.Close() }()
	for b := make([]byte, 64<<10); ; {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if w.cut.Load() == what && w.left.Add(-1) >= 0 {
			_ = client.(*net.TCPConn).SetLinger(0) // a reset, not an end
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
