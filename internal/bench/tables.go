package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/sallyport-go/sallyport/core/provider"
)

// mine is the row that the libraries are compared with: they are given the body, and judge it.
func mine(figures []figure) string {
	if find(figures, proof) != nil {
		return proof
	}
	return ours
}

// table measures one target and prints it.
func (t *target) table(s settings, w io.Writer, size int, forged bool) ([]figure, error) {
	subjects := verifySubjects(t, size, forged)
	if err := checkAll(subjects); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	fmt.Fprintf(w, "### %s, %s\n\n", t.name, sizeName(size))
	figures := s.measure(subjects)
	writeTable(w, figures, mine(figures))
	return figures, nil
}

func benchVerify(s settings, w io.Writer) error {
	fmt.Fprint(w, `## Verifying

The libraries are given the body as bytes, and so is our proof alone, from the headers to the verdict: "to ours" compares
with it. The whole of Receive is given the request, reads its body, verifies, keeps a copy, hands it on, and tells an
observer.

`)
	all := targets()
	for i := range all {
		t := &all[i]
		for _, size := range []int{256, 1 << 10, 4 << 10, 64 << 10} {
			figures, err := t.table(s, w, size, false)
			if err != nil {
				return err
			}
			if most := t.bound(size); most > 0 {
				f := find(figures, proof)
				s.goals.hold(t.name+", "+sizeName(size), "× SHA-256 of the body", f.median/figures[0].median, most)
				s.goals.because(1, fmt.Sprintf("the least that a check of the scheme can be is %.2f; the rest is a "+
					"list of secrets with times (law 2), headers that come once and are canonical within their "+
					"limits (7, 10), and what of them matched", find(figures, leastName).median/figures[0].median))
				s.goals.hold(t.name+", "+sizeName(size), "allocations", whole(f.allocs), 0)
			}
		}
	}
	return nil
}

// bound is what the proof may cost, by the hash of the body.
func (t *target) bound(size int) float64 {
	switch {
	case size == 64<<10:
		return 1.02
	case size != 1<<10:
		return 0
	case t.bodyOnly:
		return 1.35
	}
	return 1.5
}

func benchRefuse(s settings, w io.Writer) error {
	fmt.Fprint(w, "## Refusing forgeries\n\nOne byte of the body differs.\n\n")
	all := targets()
	for i := range all {
		if _, err := all[i].table(s, w, 1<<10, true); err != nil {
			return err
		}
	}
	return nil
}

// benchSecrets has the secret that matches last in a list.
func benchSecrets(s settings, w io.Writer) error {
	const n = 20
	fmt.Fprintf(w, "## A list of secrets\n\nStripe, the last of %d secrets; the floor is as many passes over the "+
		"body.\n\n", n)
	secrets := make([]string, n)
	for i := range secrets {
		secrets[i] = stripeSecret + strconv.Itoa(i)
	}
	for _, size := range []int{1 << 10, 64 << 10} {
		r := newRequest(provider.Stripe(), secrets[n-1], jsonBody(size))
		m := measuring(newGuard(provider.Stripe(), secrets...))
		h := sha256.New()
		var sum [sha256.Size]byte
		subjects := []subject{
			{name: "floor: SHA-256 of the body, 20 times", run: func() {
				for range n {
					h.Reset()
					_, _ = h.Write(r.body)
					h.Sum(sum[:0])
				}
			}},
			{name: proof, run: func() {
				m.ForgetMatch() // or the next one would begin with the secret that matched
				if !m.VerifySignature(r.Request, r.body, time.Now()) {
					panic("refused")
				}
			}},
			{name: "stripe-go ValidatePayload, one after the other", run: func() {
				for i, secret := range secrets {
					if err := webhook.ValidatePayload(r.body, r.Header.Get("Stripe-Signature"),
						secret); (err == nil) != (i == n-1) {
						panic(err)
					}
				}
			}},
		}
		t := target{secret: secrets[n-1]}
		all := t.leastOf(r).verify(n)
		subjects = append(subjects, subject{name: leastName + ", 20 times", run: func() {
			if !all(r.body) {
				panic("refused")
			}
		}})
		fmt.Fprintf(w, "### %s\n\n", sizeName(size))
		figures := s.measure(subjects)
		writeTable(w, figures, proof)
		if size == 1<<10 {
			s.goals.hold("20 secrets, 1 KiB", "× as many passes", figures[1].median/figures[0].median, 1.2)
			s.goals.because(1, fmt.Sprintf("20 pooled HMACs are %.2f", figures[3].median/figures[0].median))
		}
	}
	return nil
}
