package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sallyport-go/sallyport/core/provider"
)

// benchEvents reads id, type and time out of a body.
func benchEvents(s settings, w io.Writer) error {
	fmt.Fprint(w, "## What an event says of itself\n\nId, type, time, tenant and object of a JSON body, found in one "+
		"pass that decodes nothing else (Stripe). The floor is `json.Valid`.\n\n")
	for _, size := range []int{1 << 10, 64 << 10} {
		r := newRequest(provider.Stripe(), stripeSecret, jsonBody(size))
		m := measuring(newGuard(provider.Stripe(), stripeSecret))
		const mine = "**sallyport**"
		var event struct{ ID, Type string }
		subjects := []subject{
			{name: "floor: json.Valid", run: func() {
				if !json.Valid(r.body) {
					panic("not valid")
				}
			}},
			{name: mine, run: func() {
				if e := m.ReadEvent(r.Request, r.body); e.ID == "" {
					panic("no id")
				}
			}, check: func() error {
				if e := m.ReadEvent(r.Request, r.body); e.ID != "evt_1" || e.Type != "invoice.paid" ||
					len(e.Data) < size/2 {
					return errors.New("reads another event")
				}
				return nil
			}},
			{name: "json.Unmarshal into two fields", run: func() { must(json.Unmarshal(r.body, &event)) }},
			{name: "json.Unmarshal into a map", run: func() {
				var all map[string]any
				must(json.Unmarshal(r.body, &all))
			}},
		}
		if err := checkAll(subjects); err != nil {
			return err
		}
		fmt.Fprintf(w, "### %s\n\n", sizeName(size))
		figures := s.measure(subjects)
		writeTable(w, figures, mine)
		s.goals.state("What an event says of itself, "+sizeName(size), "× json.Valid",
			figures[1].median/figures[0].median)
	}
	return nil
}
