// Package watermillinbox works events after the answer, over any broker that Watermill (https://watermill.io) knows: a
// receiver that publishes each event and succeeds only once the broker has it, and a handler that runs receivers for
// each message.
//
//	route := core.NewSignals()
//	route.Named("queue").On("*", watermillinbox.Enqueue(publisher, "webhooks"))
//
//	router.AddNoPublisherHandler("webhooks", "webhooks", subscriber,
//		watermillinbox.Handler(signals, watermillinbox.Config{Replay: store, Journal: kept}))
//
// The receivers in signals are those of any router.
//
// # What is promised
//
// At least once. An event that the broker did not confirm is answered 500 and released, and the provider's retry
// publishes it again; nothing is acknowledged on a promise. The same event can therefore be in the queue twice: the
// broker may have taken it before its answer was lost, and the process may end between the publish and "done". Both
// messages carry the same UUID. With Config.Replay the handler leaves out what is done; with a sqlstore there, work in
// its database is done exactly once.
//
// How safe an event is once it was enqueued is up to the broker and the publisher. A publisher that returns before the
// broker's answer (fire and forget, an asynchronous acknowledgement, an in-memory Go channel) acknowledges what can
// still be lost.
//
// # How a message ends
//
// The handler acknowledges each message itself, once its event is done, or in the journal: after its last attempt, and
// at once where no further attempt helps (core.Permanent, core.Undecodable, an event that nobody takes). Between
// attempts it waits. Use no Retry and no PoisonQueue middleware: the broker would get a failed message back at once,
// and again. While the journal or the replay store is down, messages wait.
//
// # What is published
//
// The payload is the encoded event, and the metadata says what the constants beginning with Metadata list. Secrets,
// signatures and the request's headers are not part of it. Whoever can read the topic can read the events, and whoever
// can write to it can have anything run: the workers see no signature.
package watermillinbox
