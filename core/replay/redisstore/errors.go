package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

var errForeign = errors.New( //lint:immutable an error value
	"a key of the store holds something else: give the store a namespace of its own")

// unread returns the error for a value of a version that this release does not read. It fails closed: the key is
// neither free nor done.
func unread(found byte) error {
	if found < '1' || found > '9' {
		return errForeign
	}
	return fmt.Errorf("a key of the store holds a value of version %c, and this release reads version %c: "+
		"run the release that wrote it, or see \"Moving a store\" in docs/operating.md", found, version)
}

// usable returns an error after Close. It is for calls that need no server, such as one with an empty batch.
func (s *Store) usable() error {
	if s.closed.Load() {
		return replay.ErrClosed
	}
	return nil
}

func isFull(err error) bool { return hasPrefix(err, "OOM") }

// isForbidden reports whether the ACL refused a command. It also knows the messages of Redis 7.0 and later versions for
// a command inside a script, which HasErrorPrefix compares without their "ERR ".
func isForbidden(err error) bool {
	return hasPrefix(err, "NOAUTH") || hasPrefix(err, "WRONGPASS") || hasPrefix(err, "NOPERM") ||
		hasPrefix(err, "The user executing the script can't run this") || hasPrefix(err, "ACL failure in script")
}

// hasPrefix reports whether an error of the server begins with prefix, or one of the errors that are joined in it: the
// replies of a pipeline are joined.
func hasPrefix(err error, prefix string) bool {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			if hasPrefix(e, prefix) {
				return true
			}
		}
	}
	return redis.HasErrorPrefix(err, prefix)
}

// explain adds to an error what it means and which setting to check, for the operator who reads the log.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var lost *replay.LeaseLostError
	var busy *replay.InFlightError
	var network net.Error
	switch {
	case errors.As(err, &lost), errors.As(err, &busy):
		return err
	case isFull(err):
		return fmt.Errorf("redisstore: the server is out of memory (maxmemory): %w: %w", replay.ErrFull, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("redisstore: the server did not answer in time: %w", err)
	case isForbidden(err):
		return fmt.Errorf("redisstore: no permission: check the client's user and its ACL: %w", err)
	case hasPrefix(err, "READONLY"):
		return fmt.Errorf("redisstore: the server is a replica that takes no writes: check the address, or the "+
			"failover: %w", err)
	case hasPrefix(err, "LOADING"), hasPrefix(err, "CLUSTERDOWN"), hasPrefix(err, "MASTERDOWN"),
		hasPrefix(err, "TRYAGAIN"), hasPrefix(err, "NOREPLICAS"):
		return fmt.Errorf("redisstore: the server is not ready: %w", err)
	case errors.Is(err, redis.ErrClosed):
		return fmt.Errorf("redisstore: the client was closed: %w", err)
	case network != nil:
		return fmt.Errorf("redisstore: the server cannot be reached: %w", err)
	default:
		return fmt.Errorf("redisstore: %w", err)
	}
}

// errEnded is for a client, such as a hook of it, that calls runtime.Goexit. The commands must not be read.
var errEnded error = abandonedError{ //lint:immutable an error value
	errors.New("the Redis client ended its goroutine")}

// panicked makes an error of a panic, such as one of a client's hook. It fails closed: what became of the commands is
// unknown, and they must not be read. It shows only the type: the value may hold credentials.
func panicked(err *error) {
	if v := recover(); v != nil {
		*err = abandonedError{fmt.Errorf("the Redis client panicked with a %T", v)}
	}
}
