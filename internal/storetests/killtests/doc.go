// Package killtests kills an app that receives webhooks, between each two writes to its databases, and checks that
// nothing it has proved vanishes and that nothing runs twice inside a transaction.
//
// The app is a process of its own: the test's program with another role. Its database driver counts writes and ends the
// process with SIGKILL before the chosen one. The test is the provider, which sends again what was not answered 2xx,
// and the operator, who runs again what is kept.
//
// SALLYPORT_CRASH_ROUNDS is the least number of kills for each database. From 200 on every point is tried. Where an
// engine's programs are missing the tests say so and do not run; with SALLYPORT_REQUIRE_ENGINES=1 they fail instead.
package killtests
