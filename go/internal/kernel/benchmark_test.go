package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"example.com/triglot/go/internal/kernel"
)

func BenchmarkSimulate(b *testing.B) {
	for _, path := range kernel.Paths() {
		for _, days := range []int{3268, 5000} {
			b.Run(fmt.Sprintf("path=%s/days=%d", path, days), func(b *testing.B) {
				const count = 1 << 20
				model := newModelOn(b, path, randomSpec(rand.New(rand.NewPCG(1, 2)), days, 20))
				b.ReportAllocs()
				for b.Loop() {
					simulate(b, model, 0, count)
				}
				b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "scenarios/s")
			})
		}
	}
}
