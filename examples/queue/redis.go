package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
)

// connectRedis uses a stream, whose messages stay after they were acknowledged: trim it (XTRIM MINID) behind what the
// group has acknowledged. A maximum length at the publisher would throw away what nobody has worked on yet.
func connectRedis(ctx context.Context, s settings, logger watermill.LoggerAdapter) (*broker, error) {
	options, err := redis.ParseURL(s.url)
	if err != nil {
		return nil, errors.New("-url must be one such as redis://user:password@127.0.0.1:6379/0")
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = patience, patience, patience
	options.ContextTimeoutEnabled = true
	client := redis.NewClient(options)
	warnUnlessDurable(ctx, client)
	publisher, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: client}, logger)
	if err != nil {
		return nil, err
	}
	return &broker{
		publisher: publisher,
		subscribe: func(context.Context) (message.Subscriber, error) {
			return redisstream.NewSubscriber(redisstream.SubscriberConfig{
				Client:                        redis.NewClient(options), // closing a subscriber closes it
				ConsumerGroup:                 group,
				NackResendSleep:               pause,
				ClaimInterval:                 s.takeover / 2,
				MaxIdleTime:                   s.takeover, // a work that takes longer runs twice at a time
				DisableIndefiniteInitialBlock: true,
			}, logger)
		},
		close: func() { _ = publisher.Close() }, // and the client
	}, nil
}

// warnUnlessDurable looks whether what Redis confirms survives it. A hosted Redis may not say.
func warnUnlessDurable(ctx context.Context, client *redis.Client) {
	for setting, want := range map[string]string{"appendonly": "yes", "appendfsync": "always",
		"maxmemory-policy": "noeviction"} {
		is, err := client.ConfigGet(ctx, setting).Result()
		if err != nil || is[setting] != want {
			slog.Warn("what Redis confirms may be lost", "setting", setting, "is", is[setting], "want", want, "error",
				err)
		}
	}
}
