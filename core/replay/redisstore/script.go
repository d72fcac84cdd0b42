package redisstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// script is a script on one key, and the name under which servers know it, which is made a value of an interface once
// and not for each call.
type script struct {
	*redis.Script
	name any
}

func newScript(src string) *script {
	s := redis.NewScript(src)
	return &script{s, s.Hash()}
}

// call is a call that is still to be sent.
func (s *script) call(ctx context.Context, key string, args ...any) *redis.Cmd {
	all := append(make([]any, 0, 8), "evalsha", s.name, 1, key)
	cmd := redis.NewCmd(ctx, append(all, args...)...)
	cmd.SetFirstKeyPos(3) // in a cluster, the server that has the key is asked
	return cmd
}

// sendScript sends calls of one script, which is loaded where a server does not have it: a new one, or one that was
// restarted or whose scripts were flushed. What did run is the same when it runs again.
func (s *Store) sendScript(ctx context.Context, script *script, calls []*redis.Cmd) error {
	err := s.send(ctx, calls)
	unknown := func(cmd *redis.Cmd) bool { return redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") }
	if err == nil || !slices.ContainsFunc(calls, unknown) { // in a cluster any of the servers may be new
		return err
	}
	if err := script.Load(ctx, s.client).Err(); err != nil {
		return err
	}
	for _, cmd := range calls {
		cmd.SetErr(nil)
	}
	return s.send(ctx, calls)
}

// send sends commands in one round trip, and waits for the replicas where that was asked for. One command alone needs
// no pipeline. The error is the first command's.
func (s *Store) send(ctx context.Context, cmds []*redis.Cmd) error {
	if len(cmds) == 1 && s.replicas == 0 {
		return s.client.Process(ctx, cmds[0])
	}
	var reached *redis.Cmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, cmd := range cmds {
			_ = p.Process(ctx, cmd) // only queues it
		}
		if s.replicas > 0 {
			reached = p.Do(ctx, "WAIT", s.replicas, milliseconds(s.wait))
		}
		return nil
	})
	if reached == nil || err != nil {
		return err
	}
	have, waitErr := reached.Int()
	if waitErr != nil {
		return waitErr
	}
	if have < s.replicas {
		return fmt.Errorf("%d of %d replicas have it after %s: check the replication, or WithReplicas", have,
			s.replicas, s.wait)
	}
	return nil
}
