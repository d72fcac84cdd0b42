package core_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// rotating is a guard whose secrets are changed while deliveries come.
type rotating struct {
	t   *testing.T
	now time.Time
	src *changing
	g   *core.Guard
	log *testlog.Log
	n   int
}

func newRotating(t *testing.T, secrets ...secrets.Secret) *rotating {
	r := &rotating{t: t, now: testTime, src: &changing{}, log: &testlog.Log{}}
	r.src.set(secrets...)
	e := timestamped()
	e.RetryHorizon = 72 * time.Hour
	c, _ := config(e)
	c.Secrets, c.Logger, c.Replay = r.src, r.log.Logger(), core.DangerouslyNoReplay
	c.Now = func() time.Time { return r.now }
	r.g = mustNew(t, c)
	return r
}

func (r *rotating) send(secret string, times int) {
	r.t.Helper()
	for range times {
		r.n++
		body := fmt.Sprintf(`{"id":"%d"}`, r.n)
		w := run(r.g, post(body, "Acme-Signature", pairs(secret, r.now, body)), ok)
		require.Equal(r.t, 200, w.Code)
	}
}

// forge makes the guard look at its list.
func (r *rotating) forge() {
	run(r.g, post("x", "Acme-Signature", pairs("nobody's", r.now, "x")), never(r.t))
}

func (r *rotating) pass(d time.Duration) { r.now = r.now.Add(d) }

// use is what is known of a label.
func (r *rotating) use(label string) secrets.Use {
	r.t.Helper()
	for _, u := range r.g.Rotation().Secrets {
		if u.Label == label {
			return u
		}
	}
	require.Fail(r.t, "no secret has the label "+label)
	return secrets.Use{}
}

func (r *rotating) state(label string) secrets.UseState { r.t.Helper(); return r.use(label).State }

const day = 24 * time.Hour

func TestARotationFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	old := secrets.New("old", oldSecret)
	fresh := secrets.New("new", testSecret)
	r := newRotating(t, old)
	require.Equal(t, secrets.Unused, r.state("old"))
	r.send(oldSecret, 3)
	require.Equal(t, secrets.InUse, r.state("old"))
	require.Equal(t, "test, Secrets:\n  old: last matched 0 seconds ago, 3 of 3 deliveries: in use\n",
		r.g.Rotation().String())

	r.pass(day)
	r.src.set(fresh, old)
	r.send(oldSecret, 2)
	require.Equal(t, secrets.Unused, r.state("new"), "never is it called safe: it is the one that comes next")
	require.Equal(t, secrets.InUse, r.state("old"))
	require.Equal(t, secrets.Use{
		Setting: "Secrets", Label: "new", FirstSeen: testTime.Add(day), Deliveries: 2, Silent: 2, State: secrets.Unused,
	}, r.use("new"))
	r.pass(30 * day)
	r.send(oldSecret, 1)
	require.Equal(t, secrets.Unused, r.state("new"), "however long")

	// The provider gets the new one. Retries of older events still carry the old one.
	r.send(testSecret, 10)
	r.send(oldSecret, 1)
	r.pass(time.Hour)
	r.send(testSecret, 1204)
	u := r.use("old")
	require.Equal(t, secrets.Waiting, u.State)
	require.Equal(t, 71*time.Hour, u.Wait)
	require.EqualValues(t, 1204, u.Silent)
	require.Contains(t, r.g.Rotation().String(), "old: last matched 60 minutes ago, 0 of the last 1,204 deliveries: "+
		"wait 3 days: retries of older events, or a quiet sender, may still carry it")
	r.pass(71*time.Hour - time.Second)
	require.Equal(t, secrets.Waiting, r.state("old"))
	r.pass(time.Second)
	require.Equal(t, secrets.SafeToRemove, r.state("old"))
	require.True(t, r.use("old").SafeToRemove())
	r.pass(6 * day)
	require.Contains(t, r.g.Rotation().String(),
		"\n  old: last matched 9 days ago, 0 of the last 1,204 deliveries: safe to remove\n")
	require.NotContains(t, r.log.String(), "may be removed", "nobody has asked, and no delivery came")
	r.send(testSecret, 3)
	require.Equal(t, 1, strings.Count(r.log.String(), "may be removed"))
	require.Contains(t, r.log.String(), "secret=old")

	r.src.set(fresh)
	r.send(testSecret, 1)
	require.Equal(t, secrets.Left, r.state("old"))
	require.Equal(t, r.now, r.use("old").Left)
	require.Contains(t, r.g.Rotation().String(), "old: last matched 9 days ago: removed 0 seconds ago")
	require.Equal(t, secrets.InUse, r.state("new"))
	require.NotContains(t, r.g.Rotation().String()+r.log.String(), testSecret)
}

func TestASecretIsCalledSafeOnlyWhereThatIsShown(t *testing.T) {
	t.Parallel()
	a, b := secrets.New("a", oldSecret), secrets.New("b", testSecret)
	third := "a-third-secret-of-enough-bytes!!"
	for _, row := range []struct {
		name string
		run  func(r *rotating)
		want secrets.UseState // of a
	}{
		{"it was the last that matched",
			func(r *rotating) { r.send(testSecret, 5); r.send(oldSecret, 1); r.pass(30 * day) }, secrets.InUse},
		{"another matched in the same instant only",
			func(r *rotating) { r.send(oldSecret, 1); r.send(testSecret, 1); r.pass(30 * day) }, secrets.Alone},
		{"another matched later, and the horizon is not past", func(r *rotating) {
			r.send(oldSecret, 1)
			r.pass(time.Second)
			r.send(testSecret, 1)
			r.pass(3*day - 2*time.Second)
		}, secrets.Waiting},
		{"another matched later, and the horizon is past", func(r *rotating) {
			r.send(oldSecret, 1)
			r.pass(time.Second)
			r.send(testSecret, 1)
			r.pass(3*day - time.Second)
		}, secrets.SafeToRemove},
		{"the other that matched has left the list", func(r *rotating) {
			r.send(oldSecret, 1)
			r.pass(time.Second)
			r.send(testSecret, 1)
			r.pass(3 * day)
			r.src.set(a, secrets.New("c", third))
			r.forge()
		}, secrets.Alone},
		{"the other that matched has ended", func(r *rotating) {
			r.src.set(a, b.ValidUntil(r.now.Add(day)))
			r.send(oldSecret, 1)
			r.pass(time.Second)
			r.send(testSecret, 1)
			r.pass(4 * day)
		}, secrets.Alone},
		{"it has never matched",
			func(r *rotating) { r.send(testSecret, 100); r.pass(30 * day); r.send(testSecret, 100) }, secrets.Unused},
		{"it came back into the list", func(r *rotating) {
			r.send(oldSecret, 1)
			r.src.set(b)
			r.pass(4 * day)
			r.send(testSecret, 1)
			r.src.set(a, b)
			r.send(testSecret, 1)
		}, secrets.Alone},
		{"its validity has ended, and another is valid", func(r *rotating) {
			r.src.set(a.ValidUntil(r.now.Add(time.Hour)), b)
			r.send(oldSecret, 1)
			r.pass(2 * time.Hour)
			r.send(testSecret, 1)
		}, secrets.SafeToRemove},
		{"its validity has ended, and nothing else is valid", func(r *rotating) {
			r.src.set(a.ValidUntil(r.now.Add(time.Hour)), b.ValidFrom(r.now.Add(day)))
			r.send(oldSecret, 1)
			r.pass(2 * time.Hour)
		}, secrets.Ended},
		{"its validity has not begun",
			func(r *rotating) { r.src.set(a.ValidFrom(r.now.Add(day)), b); r.send(testSecret, 1) },
			secrets.NotYetValid},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRotating(t, a, b)
			row.run(r)
			require.Equal(t, row.want, r.state("a"), r.g.Rotation().String())
		})
	}
}

func TestAUseFollowsTheSecretAndNotItsPlace(t *testing.T) {
	t.Parallel()
	r := newRotating(t, secrets.New("", oldSecret))
	r.send(oldSecret, 5)
	r.pass(4 * day)
	r.src.set(secrets.New("", testSecret), secrets.New("", oldSecret)) // the old one was #1 and is #2
	r.send(oldSecret, 1)
	require.EqualValues(t, 6, r.use("#2").Matched)
	require.Equal(t, testTime, r.use("#2").FirstSeen)
	require.EqualValues(t, 0, r.use("#1").Matched)
	require.Equal(t, secrets.Unused, r.state("#1"))
	require.Equal(t, secrets.InUse, r.state("#2"))
}

func TestWhatHasLeftAListIsBounded(t *testing.T) {
	t.Parallel()
	r := newRotating(t, secrets.New("0", testSecret))
	for i := range 200 {
		r.src.set(secrets.New("kept", testSecret), secrets.New(fmt.Sprint(i), fmt.Sprintf("%s%d", oldSecret, i)))
		r.send(testSecret, 1)
	}
	all := r.g.Rotation().Secrets
	require.Len(t, all, 2+32)
	require.Equal(t, []string{"kept", "199", "198"}, []string{all[0].Label, all[1].Label, all[2].Label})
	require.EqualValues(t, 200, all[0].Matched)
}

func TestTheSameSecretTwiceIsOneUse(t *testing.T) {
	t.Parallel()
	r := newRotating(t,
		secrets.New("spring", testSecret).ValidUntil(testTime.Add(day)),
		secrets.New("summer", testSecret).ValidFrom(testTime.Add(day)).ValidUntil(testTime.Add(2*day)))
	r.send(testSecret, 1)
	all := r.g.Rotation().Secrets
	require.Len(t, all, 1)
	require.Zero(t, all[0].NotBefore)
	require.Equal(t, testTime.Add(2*day), all[0].NotAfter)
}

func TestCredentialsRotateToo(t *testing.T) {
	t.Parallel()
	const oldPair, newPair = "hooks:the-old-password-of-enough-bytes", "hooks:the-new-password-of-enough-bytes"
	c, rec := config(timestamped())
	c.Credentials = []core.Credential{core.BasicAuth(secrets.Labeled(secrets.New("new", newPair),
		secrets.New("old", oldPair)))}
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	send := func(pair, secret string) reason.Reason {
		r := signedBy(secret, event)
		r.Header.Set("Authorization", basicHeader(pair))
		run(g, r, ok)
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.Accepted, send(oldPair, testSecret))
	require.Equal(t, reason.Accepted, send(newPair, testSecret))
	require.Equal(t, reason.BadSignature, send(oldPair, oldSecret), "who holds the old password and nothing else")
	got := map[string]int64{}
	for _, u := range g.Rotation().Secrets {
		got[u.Setting+" "+u.Label] = u.Matched
	}
	require.Equal(t, map[string]int64{"Secrets #1": 2, "Credentials[0] new": 1, "Credentials[0] old": 1}, got)
	require.Equal(t, "test, Secrets:\n  #1: last matched 0 seconds ago, 2 of 2 deliveries: in use\n"+
		"test, Credentials[0]:\n  new: last matched 0 seconds ago, 1 of 2 deliveries: in use\n"+
		"  old: last matched 0 seconds ago, 0 of the last 1 deliveries: nothing else has matched since: keep it\n",
		g.Rotation().String())
}

func TestTenantsRotateOneByOne(t *testing.T) {
	t.Parallel()
	c, _ := tenantConfig(timestamped())
	g := mustNew(t, c)
	run(g, of("globex", globexSecret, event), ok)
	all := g.Rotation().Secrets
	require.Len(t, all, 2)
	require.Equal(t, []any{"acme", int64(0), "globex", int64(1)},
		[]any{all[0].Tenant, all[0].Matched, all[1].Tenant, all[1].Matched})
	require.Contains(t, g.Rotation().String(), "test, Secrets, tenant globex:\n  #1: last matched")
}

func TestARotationIsJSONWithoutSecrets(t *testing.T) {
	t.Parallel()
	r := newRotating(t, secrets.New("new", testSecret), secrets.New("old", oldSecret))
	r.send(testSecret, 1)
	data, err := json.Marshal(r.g.Rotation())
	require.NoError(t, err)
	require.Contains(t, string(data), `"label":"new"`)
	require.Contains(t, string(data), `"state":"in_use"`)
	require.NotContains(t, string(data), testSecret)
	require.NotContains(t, string(data), oldSecret)
}

func TestUsesAreCountedUnderLoad(t *testing.T) {
	t.Parallel()
	r := newRotating(t, secrets.New("new", testSecret), secrets.New("old", oldSecret))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				secret := testSecret
				if i%4 == 0 {
					secret = oldSecret
				}
				body := "x"
				run(r.g, post(body, "Acme-Signature", pairs(secret, testTime, body)), ok)
				if i%10 == 0 {
					_ = r.g.Rotation().String()
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 600, r.use("new").Matched)
	require.EqualValues(t, 200, r.use("old").Matched)
	require.EqualValues(t, 800, r.use("old").Deliveries)
}

// TestEverySecretOfADeliveryIsUsed: a sender that is given another secret for what is new puts both into one delivery,
// and whichever comes last says nothing of the others.
func TestEverySecretOfADeliveryIsUsed(t *testing.T) {
	t.Parallel()
	accepted := make([]secrets.Secret, 6)
	for i := range accepted {
		accepted[i] = secrets.New(fmt.Sprint(i), fmt.Sprintf("%s%d", testSecret, i))
	}
	tokens := basicOnly()
	tokens.Credential = entry.Credential{Kind: entry.BodyToken, Name: "/token", Items: "/value"}
	signed := timestamped()
	signed.Scheme = &entry.Scheme{
		Algorithm: entry.HMACSHA256, Items: "/value",
		Signature: entry.Signature{Field: entry.Field{JSON: "/token"}, Encoding: entry.Hex},
		Signed:    []entry.Part{{Kind: entry.PartJSON, Text: "/n"}},
	}
	for _, row := range []struct {
		name  string
		entry entry.Entry
		token func(i int) string
	}{
		{"tokens", tokens, func(i int) string { return fmt.Sprintf("%s%d", testSecret, i) }},
		{"signatures", signed, func(i int) string { return mac(fmt.Sprintf("%s%d", testSecret, i), fmt.Sprint(i)) }},
	} {
		c, _ := config(row.entry)
		now := testTime
		c.Secrets, c.Now, c.Replay = secrets.Labeled(accepted...), func() time.Time { return now },
			core.DangerouslyNoReplay
		g := mustNew(t, c)
		send := func(want int, items ...string) {
			t.Helper()
			require.Equal(t, want,
				run(g, post(`{"value":[`+strings.Join(items, ",")+`]}`, "Content-Type", "application/json"), ok).Code,
				row.name)
		}
		item := func(i int) string { return fmt.Sprintf(`{"n":"%d","token":"%s"}`, i, row.token(i)) }
		all := make([]string, 7)
		for i := range all {
			all[i] = item(i % 6)
		}
		for range 3 {
			send(200, all...)
			now = now.Add(2 * day)
			send(400, item(1), `{"n":"x","token":"nobody's"}`)
		}
		for _, u := range g.Rotation().Secrets {
			require.Equal(t, secrets.InUse, u.State, row.name+": "+g.Rotation().String())
			require.EqualValues(t, []int64{3, 3, 0}, []int64{u.Matched, u.Deliveries, u.Silent}, row.name)
		}
		send(200, item(5), item(0))
		now = now.Add(4 * day)
		send(200, item(0))
		got := []secrets.UseState{}
		for _, u := range g.Rotation().Secrets {
			got = append(got, u.State)
		}
		require.Equal(t, []secrets.UseState{secrets.InUse, secrets.SafeToRemove, secrets.SafeToRemove,
			secrets.SafeToRemove, secrets.SafeToRemove, secrets.SafeToRemove}, got, row.name)
	}
}

// TestAQuietWeekendIsNoRotation: where a provider tries again for ten minutes only, eleven minutes of silence would say
// that another sender's secret is not needed.
func TestAQuietWeekendIsNoRotation(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.RetryHorizon = 10 * time.Minute
	c, _ := config(e)
	log, now := &testlog.Log{}, testTime
	c.Secrets = secrets.Labeled(secrets.New("busy", testSecret), secrets.New("quiet", oldSecret))
	c.Now, c.Replay, c.Logger = func() time.Time { return now }, core.DangerouslyNoReplay, log.Logger()
	g := mustNew(t, c)
	send := func(secret string) {
		require.Equal(t, 200, run(g, post(event, "Acme-Signature", pairs(secret, now, event)), ok).Code)
	}
	send(oldSecret)
	for range 12 * 5 {
		now = now.Add(time.Hour)
		send(testSecret)
	}
	quiet := g.Rotation().Secrets[1]
	require.Equal(t, secrets.Waiting, quiet.State)
	require.Equal(t, 12*time.Hour, quiet.Wait)
	require.NotContains(t, log.String(), "not needed any more")
	now = now.Add(12 * time.Hour)
	send(testSecret)
	require.Equal(t, secrets.SafeToRemove, g.Rotation().Secrets[1].State)
	require.Equal(t, 10*time.Minute, g.Rotation().RetryHorizon)
}

func TestAHandshakeIsNoUseOfASecret(t *testing.T) {
	t.Parallel()
	c, _ := config(challenged())
	g := mustNew(t, c)
	for range 3 {
		require.Equal(t, "ok", run(g, signed(`{"type":"url_verification"}`), never(t)).Body.String())
	}
	require.Zero(t, g.Rotation().Secrets[0].Matched)
	run(g, signed(event), ok)
	require.EqualValues(t, 1, g.Rotation().Secrets[0].Matched)
}
