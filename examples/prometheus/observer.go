// Package main counts webhook deliveries for Prometheus.
//
//	STRIPE_SECRET=whsec_... go -C examples run ./prometheus
//	curl http://127.0.0.1:9090/metrics  # not on the port that the world reaches
package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-go/sallyport/core"
)

// metrics counts outcomes and measures how long they took. Every label comes from a closed set: what a sender chooses
// (types, ids, paths) would let unverified senders make metrics without end.
type metrics struct {
	deliveries, would *prometheus.CounterVec
	seconds           *prometheus.HistogramVec
}

func newObserver(registry prometheus.Registerer) core.Observer {
	m := metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "webhook_deliveries_total",
			Help: "Webhook deliveries by outcome and by the label of the secret that matched.",
		}, []string{"endpoint", "provider", "reason", "secret"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "webhook_delivery_duration_seconds",
			Help:    "From a delivery's arrival to its outcome, signals included.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"endpoint", "provider"}),
		would: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "webhook_would_refuse_total",
			Help: "Refusals that did not take place, because their checks only report.",
		}, []string{"endpoint", "check", "reason"}),
	}
	registry.MustRegister(m.deliveries, m.seconds, m.would)
	return m
}

// NeedsNames is for core.NamesObserver: no body is read for ids and types, which are not labels.
func (metrics) NeedsNames() bool { return false }

// Observe is for core.Observer.
func (m metrics) Observe(_ context.Context, r core.Record) {
	label := r.Secret
	if label == "" && len(r.Credentials) > 0 {
		label = r.Credentials[0] // a provider that signs nothing
	}
	m.deliveries.WithLabelValues(r.Endpoint, r.Provider, string(r.Reason), label).Inc()
	for _, refusal := range r.WouldRefuse {
		m.would.WithLabelValues(r.Endpoint, string(refusal.Check), string(refusal.Reason)).Inc()
	}
	m.seconds.WithLabelValues(r.Endpoint, r.Provider).Observe(r.Total.Seconds())
}
