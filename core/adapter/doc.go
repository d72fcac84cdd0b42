// Package adapter has what an adapter of a router, and nobody else, needs: what only the router knows of a request, how
// a handler has ended, and a writer that can hold an answer back. Apps use the adapter of their router, a package at
// the top of the module whose name ends with webhook.
//
// # An adapter in one page
//
// The middleware gives the request to the guard, and the guard's reply, if there is one, to the sender. Otherwise it
// hands the delivery's request on, with a writer that is tracked, and lets the delivery end as the handler ended:
//
//	func Verify(guard *core.Guard) tiny.Middleware { // tiny: func(*tiny.Ctx) error, over net/http
//		return func(next tiny.Handler) tiny.Handler {
//			return func(c *tiny.Ctx) error {
//				d, reply := guard.Receive(c.W, c.R, adapter.Inbound{Route: c.Pattern(), Params: c})
//				if reply != nil {
//					reply.Write(c.W) // refused, a duplicate, or a handshake: the app is not called
//					return nil
//				}
//				t := d.Track(c.W)
//				defer t.Release() // sends what was held back
//				defer d.Abandon() // does nothing after Finish; a panic leaves the event to the retry
//				c.W, c.R = t.Writer(), d.Request()
//				err := next(c)
//				if reply := d.Finish(adapter.Outcome{Err: err, Written: t.Written(), Request: c.R}); reply != nil {
//					reply.Write(t.Replace())
//					return nil
//				}
//				return err
//			}
//		}
//	}
//
// The handler behind it serves a set of receivers. Freeze refuses, at start, a set with a receiver of another router:
//
//	func Dispatch(signals *core.Signals) tiny.Handler {
//		core.Freeze[*tiny.Ctx](signals)
//		return func(c *tiny.Ctx) error {
//			if reply := signals.Serve(c, c.R, adapter.WrittenTo(c.W)); reply != nil {
//				reply.Write(c.W)
//			}
//			return nil
//		}
//	}
//
// Receivers in the router's own style are registered through the adapter, and the smallest form is a set of one:
//
//	func On(to core.Registrar, pattern string, fn func(*tiny.Ctx, core.Event) error) {
//		core.OnRouter(to, pattern, fn)
//	}
//
//	func Signal(fn func(*tiny.Ctx, core.Event) error) tiny.Handler {
//		signals := core.NewSignals()
//		On(signals, "*", fn)
//		return Dispatch(signals)
//	}
//
// What else every adapter offers, under these names:
//
//   - Handle mounts Verify and Dispatch on a path in one call, for every method, so that handshakes reach the guard.
//   - FromContext is core.FromContext of the request's context.
//   - VerifyWithConfig is Verify with a Config of Guard and OnReject. Where OnReject is set, Inbound has KeepBody, and
//     before a reply with a Rejection is written the middleware calls OnReject(c.R, reply.Rejection, c.W.Header()).
//   - A nil guard and a nil set panic where they are mounted.
//
// # What to get right
//
//   - A reply ends the request: nothing behind the guard may run.
//   - The handler gets the delivery's Request, and its context stays the parent of every context that the router makes:
//     signals find the delivery in it.
//   - Every delivery that Receive returned ends in Finish or Abandon, also where the handler panics. A claim that
//     nobody ends keeps the event from running again until its lease expires.
//   - What middleware behind the guard writes goes through the tracked writer. A batch that is partly done must not be
//     answered by a plain handler, and the answer of signals may still be replaced: see [State].
//   - A rejection that the router turns into an error keeps its status: for some providers a 404 is the end of the
//     webhook.
//
// A router with net/http's own handlers, and with parameters that PathValue reads, needs no adapter: use httpwebhook.
package adapter
