package redisstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// script is a script on one key, with the hash by which servers find it. The hash is kept as an interface value,
// because converting it for each call would allocate.
type script struct {
	*redis.Script
	name any
}

func newScript(src string) *script {
	s := redis.NewScript(src)
	return &script{s, s.Hash()}
}

// call returns a call of the script. It does not send it.
func (s *script) call(ctx context.Context, key string, args ...any) *redis.Cmd {
	all := append(make([]any, 0, 8), "evalsha", s.name, 1, key)
	cmd := redis.NewCmd(ctx, append(all, args...)...)
	cmd.SetFirstKeyPos(3) // in a cluster, the client sends it to the server that has the key
	return cmd
}

// sendScript sends calls of one script. A server may not have it: a new one, or one that was restarted or whose scripts
// were flushed. Then the script is loaded on all servers and all calls are sent again. The scripts are written so that
// a second run of a call gives the same result.
func (s *Store) sendScript(ctx context.Context, script *script, calls []*redis.Cmd) error {
	err := s.send(ctx, calls)
	if abandoned(err) {
		return err
	}
	unknown := func(cmd *redis.Cmd) bool { return redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") }
	if err == nil || !slices.ContainsFunc(calls, unknown) { // in a cluster any of the servers may be new
		return err
	}
	if err := script.Load(ctx, s.client).Err(); err != nil {
		return err
	}
	for _, cmd := range calls {
		cmd.SetErr(nil) // the commands are used again, and a leftover error would count as the reply
	}
	return s.send(ctx, calls)
}

// send sends commands in one round trip, and waits for the replicas where WithReplicas is set. It fails closed if too
// few replicas have them in time. Otherwise the error is that of the first command that failed. After an error that is
// abandoned the commands must not be read.
func (s *Store) send(ctx context.Context, cmds []*redis.Cmd) error {
	switch {
	case s.gather != nil:
		return s.gather.send(ctx, cmds)
	case s.replicas == 0:
		return process(ctx, s.client, cmds)
	}
	reached := redis.NewCmd(ctx, "WAIT", s.replicas, milliseconds(s.wait))
	if err := process(ctx, s.client, append(slices.Clip(cmds), reached)); err != nil {
		return err
	}
	have, waitErr := reached.Int() // WAIT returns how many replicas have all writes of this connection
	if waitErr != nil {
		return waitErr
	}
	if have < s.replicas {
		return fmt.Errorf("%d of %d replicas have it after %s: check the replication, or WithReplicas", have,
			s.replicas, s.wait)
	}
	return nil
}
