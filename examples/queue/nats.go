package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wmnats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
)

const streamName = "WEBHOOKS"

// connectNATS uses a stream in files whose messages go when they are acknowledged. The publisher gives the UUID as the
// broker's own message id, so that within two minutes the broker itself leaves a duplicate out.
func connectNATS(_ context.Context, s settings, logger watermill.LoggerAdapter) (*broker, error) {
	conn, err := connectTo(s.url)
	if err != nil {
		return nil, err
	}
	// Legacy only in name: watermill-nats is built on this interface.
	js, err := conn.JetStream(nats.MaxWait(patience))
	if err == nil {
		err = provision(js, s.takeover)
	}
	var publisher *wmnats.Publisher
	if err == nil {
		publisher, err = wmnats.NewPublisherWithNatsConn(conn, wmnats.PublisherPublishConfig{
			Marshaler:         &wmnats.NATSMarshaler{},
			SubjectCalculator: wmnats.DefaultSubjectCalculator,
			// Never AckAsync here: it returns before the broker has the message.
			JetStream: wmnats.JetStreamConfig{TrackMsgId: true, ConnectOptions: []nats.JSOpt{nats.MaxWait(patience)}},
		}, logger)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &broker{
		publisher: publisher,
		subscribe: func(context.Context) (message.Subscriber, error) {
			own, err := connectTo(s.url) // closing a subscriber closes it
			if err != nil {
				return nil, err
			}
			return wmnats.NewSubscriberWithNatsConn(own, wmnats.SubscriberSubscriptionConfig{
				QueueGroupPrefix: group,
				AckWaitTimeout:   s.takeover,
				CloseTimeout:     s.takeover,
				NakDelay:         wmnats.NewStaticDelay(pause),
				JetStream: wmnats.JetStreamConfig{
					DurablePrefix:    group,
					SubscribeOptions: []nats.SubOpt{nats.ManualAck()},
				},
			}, logger)
		},
		close: conn.Close,
	}, nil
}

func connectTo(url string) (*nats.Conn, error) {
	return nats.Connect(url,
		nats.Timeout(patience), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond),
		// By default the client keeps what it could not send and sends it later. Here the provider does that.
		nats.ReconnectBufSize(-1))
}

// provision makes the stream and its consumer, where they are missing. A consumer that the subscription made would be
// deleted with it.
func provision(js nats.JetStreamContext, takeover time.Duration) error {
	_, err := js.AddStream(&nats.StreamConfig{
		Name: streamName, Subjects: []string{topic}, Storage: nats.FileStorage, Retention: nats.WorkQueuePolicy,
		Duplicates: 2 * time.Minute,
	})
	if err != nil && !errors.Is(err, nats.ErrStreamNameAlreadyInUse) {
		return fmt.Errorf("making the stream %s: %w", streamName, err)
	}
	// The time to acknowledge runs from when a message was sent, also for one that waits at the client. MaxAckPending
	// of 1 sends one at a time to all workers together: raise it with the number of workers that run.
	consumer := &nats.ConsumerConfig{
		Durable: group, DeliverGroup: group, DeliverSubject: "deliver." + group, DeliverPolicy: nats.DeliverAllPolicy,
		AckPolicy: nats.AckExplicitPolicy, AckWait: takeover, MaxAckPending: 1,
	}
	if _, err = js.AddConsumer(streamName, consumer); errors.Is(err, nats.ErrConsumerNameAlreadyInUse) {
		_, err = js.UpdateConsumer(streamName, consumer)
	}
	if err != nil {
		return fmt.Errorf("making the consumer %s: %w", group, err)
	}
	return nil
}
