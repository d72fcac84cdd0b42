package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-go/sallyport/core"
)

// health shows how endpoints are doing. The worst failure of a webhook is that none arrives any more: alert on
// webhook_seconds_since_proved, and on webhook_rejections_in_a_row, which finds a rotation gone wrong within minutes.
type health struct {
	guards                   []*core.Guard
	silence, inARow, dropped *prometheus.Desc
}

func newHealth(guards ...*core.Guard) prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"endpoint", "provider"}, nil)
	}
	return &health{
		guards:  guards,
		silence: desc("webhook_seconds_since_proved", "Since a delivery was proved last, or since the start."),
		inARow:  desc("webhook_rejections_in_a_row", "Failed authentications since a delivery was proved last."),
		dropped: desc("webhook_records_dropped_total",
			"Outcomes that the observer did not get, because it was too slow."),
	}
}

// Describe is for prometheus.Collector.
func (c *health) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.silence, c.inARow, c.dropped} {
		to <- d
	}
}

// Collect is for prometheus.Collector.
func (c *health) Collect(to chan<- prometheus.Metric) {
	for _, g := range c.guards {
		h := g.Health()
		put := func(d *prometheus.Desc, kind prometheus.ValueType, v float64) {
			to <- prometheus.MustNewConstMetric(d, kind, v, h.Endpoint, h.Provider)
		}
		put(c.silence, prometheus.GaugeValue, h.Silence.Seconds())
		put(c.inARow, prometheus.GaugeValue, float64(h.RejectedInARow))
		put(c.dropped, prometheus.CounterValue, float64(h.DroppedRecords))
	}
}
