package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// rotation shows which secrets are used, and which may be removed. Its labels are the operator's own: endpoints,
// settings, tenants and labels of secrets.
type rotation struct {
	guards                    []*core.Guard
	matched, last, safe, ends *prometheus.Desc
}

func newRotation(guards ...*core.Guard) prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"endpoint", "setting", "tenant", "secret"}, nil)
	}
	return &rotation{
		guards:  guards,
		matched: desc("webhook_secret_deliveries", "Deliveries that the secret has proved."),
		last: desc("webhook_secret_last_matched_timestamp_seconds",
			"When the secret proved a delivery last; absent: never."),
		safe: desc("webhook_secret_safe_to_remove", "1: others match, and no retry carries this one any more."),
		ends: desc("webhook_secret_not_after_timestamp_seconds", "When the secret ends; absent: never."),
	}
}

// Describe is for prometheus.Collector.
func (c *rotation) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.matched, c.last, c.safe, c.ends} {
		to <- d
	}
}

// Collect is for prometheus.Collector.
func (c *rotation) Collect(to chan<- prometheus.Metric) {
	for _, g := range c.guards {
		r := g.Rotation()
		seen := map[[3]string]bool{} // two secrets may have one label
		for _, u := range r.Secrets {
			key := [3]string{u.Setting, u.Tenant, u.Label}
			if u.State == secrets.Left || seen[key] {
				continue
			}
			seen[key] = true
			gauge := func(d *prometheus.Desc, v float64) {
				to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, r.Endpoint, u.Setting, u.Tenant,
					u.Label)
			}
			gauge(c.matched, float64(u.Matched))
			safe := 0.0
			if u.SafeToRemove() {
				safe = 1
			}
			gauge(c.safe, safe)
			if !u.LastMatched.IsZero() {
				gauge(c.last, float64(u.LastMatched.Unix()))
			}
			if !u.NotAfter.IsZero() {
				gauge(c.ends, float64(u.NotAfter.Unix()))
			}
		}
	}
}
