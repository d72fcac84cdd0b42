package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// inspect checks that the server can do what the store relies on. It fails closed, at start: a server that evicts keys
// would let captured deliveries be replayed, and nothing would show it later.
func (s *Store) inspect(ctx context.Context) error {
	if err := s.rehearse(ctx); err != nil {
		return err
	}
	if s.evicts {
		return nil
	}
	// In a cluster every master has a policy of its own.
	cluster, ok := s.client.(interface {
		ForEachMaster(context.Context, func(context.Context, *redis.Client) error) error
	})
	if ok {
		return cluster.ForEachMaster(ctx,
			func(ctx context.Context, c *redis.Client) error { return checkEviction(ctx, c) })
	}
	return checkEviction(ctx, s.client)
}

// rehearse claims, extends, commits and forgets a random key. So a wrong version, role or permission is found at start,
// and not at the first delivery. If it fails in between, the key expires after ten seconds.
func (s *Store) rehearse(ctx context.Context) error {
	var key replay.Key
	_, _ = rand.Read(key[:])
	const moment = 10 * time.Second
	results, err := s.Claim(ctx, []replay.Item{{Key: key}}, moment)
	if err != nil {
		return fmt.Errorf("redisstore: a trial claim failed (the store needs Redis 7.0 or Valkey 7.2; it needs SET, "+
			"GET, DEL, PTTL, PEXPIRE, EVALSHA and SCRIPT LOAD): %w", err)
	}
	held := replay.Held{Key: key, Token: results[0].Token}
	err = errors.Join(
		s.Extend(ctx, []replay.Held{held}, moment),
		s.Settle(ctx, []replay.Settlement{{Key: key, Token: held.Token, Verdict: replay.Commit, TTL: moment}}),
		s.Forget(ctx, []replay.Key{key}),
	)
	if err != nil {
		return fmt.Errorf("redisstore: a trial commit failed (it needs SET, GET, DEL, PTTL, PEXPIRE, EVALSHA and "+
			"SCRIPT LOAD): %w", err)
	}
	return nil
}

// checkEviction refuses a server that would forget live identities to make room. It also refuses one that does not
// report its policy, which fails closed.
func checkEviction(ctx context.Context, client redis.Cmdable) error {
	policy := ""
	if values, err := client.ConfigGet(ctx, "maxmemory-policy").Result(); err == nil {
		policy = values["maxmemory-policy"]
	}
	// Managed servers forbid CONFIG. INFO has the policy too.
	if policy == "" {
		info, err := client.Info(ctx, "memory").Result()
		if err != nil {
			return fmt.Errorf("redisstore: neither CONFIG GET nor INFO says whether the server evicts keys; permit "+
				"one of them, or accept the risk by DangerouslyAllowEviction: %w", explain(err))
		}
		for line := range strings.SplitSeq(info, "\n") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:"); ok {
				policy = value
			}
		}
	}
	switch policy {
	case "noeviction":
		return nil
	case "":
		return fmt.Errorf("redisstore: the server does not report whether it evicts keys; accept the risk by " +
			"DangerouslyAllowEviction")
	}
	return fmt.Errorf("redisstore: the server's maxmemory-policy is %s, which forgets live identities when memory is "+
		"full, so that captured deliveries can be replayed; set it to noeviction, or accept the risk by "+
		"DangerouslyAllowEviction", policy)
}
