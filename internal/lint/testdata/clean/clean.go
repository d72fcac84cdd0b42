// Package clean looks like the rules' business and is not: nothing in it may be found.
package clean

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io"
	"strings"
	"sync"
)

// ErrBadSignature is an error value.
var ErrBadSignature = errors.New("bad signature")

var (
	// ErrNoToken is another.
	ErrNoToken           = errors.New("no token")
	_          io.Reader = (*reader)(nil)
)

// buffers is shared because a request is short and a buffer large.
var buffers sync.Pool

//lint:immutable a table that is only read
var sizes = map[string]int{"sha256": 32}

type reader struct{}

func (*reader) Read([]byte) (int, error) { return 0, io.EOF }

type Reason string

const (
	ReasonBadSignature     Reason = "bad_signature"
	ReasonMissingSignature Reason = "missing_signature"
)

type scheme struct{ Name, Prefix, Separator string }

type endpoint struct {
	Signature scheme
	secrets   []string
	Token     uint64
}

func fine(e, f *endpoint, mac, presented []byte, token, name string, reason Reason, err error) bool {
	switch reason {
	case ReasonBadSignature, ReasonMissingSignature:
		return false
	}
	switch token {
	case "":
		return false
	}
	if token == "" || mac == nil || len(mac) != len(presented) || e.secrets == nil || e.Token != f.Token || e == f {
		return false
	}
	if err == ErrBadSignature || errors.Is(err, ErrNoToken) || [32]byte(mac) == [32]byte{} {
		return false
	}
	if e.Signature.Name == name || strings.HasPrefix(name, e.Signature.Prefix) || sizes[name] == 32 {
		return false
	}
	if rest, ok := strings.CutPrefix(token, "v1="); !ok || rest == "" || strings.IndexByte(token, ',') >= 0 {
		return false
	}
	if i := strings.Index(token, ","); i > 0 || mac[0] == '=' || bytes.Equal([]byte(name), []byte("x")) {
		return false
	}
	_, _ = rand.Read(mac)
	signatureHeaderName, sumSize, macaroni, significant, summary := name, 3, name, name, name
	_ = signatureHeaderName == name || sumSize == 4 || macaroni == name || significant == name || summary == name
	return hmac.Equal(mac, presented) && subtle.ConstantTimeCompare(mac, presented) == 1
}

// Token is a word of a language, as json.Token is.
type Token interface{}

func scan(next func() (Token, error)) bool {
	token, err := next()
	return err == nil && token != 'x'
}

func shadow() int {
	sizes := map[string]int{}
	sizes["a"]++ // another variable of the same name
	return len(sizes)
}
