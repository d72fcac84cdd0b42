package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"

	"github.com/sallyport-go/sallyport/core"
)

func BenchmarkComplete(b *testing.B) {
	for _, from := range rememberedSenders() {
		for _, size := range []int{1 << 10, 64 << 10} {
			genuine, _ := pairOf(from.p, from.secret, size)
			var last, kept core.Identity
			g, h := signalling(&from.sender, &last)
			_, done := signalling(&from.sender, &kept)
			serve, again := answering(h), answering(done)
			again(genuine, http.StatusOK)
			b.Run(fmt.Sprintf("%s/%d/sha", from.name, size), func(b *testing.B) {
				for b.Loop() {
					sha256.Sum256(genuine.body)
				}
			})
			b.Run(fmt.Sprintf("%s/%d/accepted", from.name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					serve(genuine, http.StatusOK)
					must(g.Forget(context.Background(), last))
				}
			})
			b.Run(fmt.Sprintf("%s/%d/duplicate", from.name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					again(genuine, http.StatusOK)
				}
			})
		}
	}
}
