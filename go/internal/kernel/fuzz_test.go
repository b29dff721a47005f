package kernel_test

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"

	"example.com/triglot/go/internal/kernel"
)

// FuzzSimulate feeds the kernel any figures: it either refuses them as bad input or agrees with the
// definition.
func FuzzSimulate(f *testing.F) {
	words := func(values ...float64) (content []byte) {
		for _, value := range values {
			content = binary.LittleEndian.AppendUint64(content, math.Float64bits(value))
		}
		return content
	}
	f.Add(words(1.01, 0.99, 1, 1.5), int64(500), int64(-3), 3, 2, uint64(1), int64(0), uint8(50))
	f.Add(words(1e300, 5e-324), int64(1<<53-1), int64(1), 1, 1, uint64(0), int64(1<<32-1), uint8(1))
	f.Add(words(math.NaN(), math.Inf(1)), int64(0), int64(0), 0, 9, uint64(0), int64(-1), uint8(0))
	f.Fuzz(func(t *testing.T, factors []byte, exposure, other int64, horizon, block int, seed uint64,
		first int64, count uint8,
	) {
		spec := kernel.Spec{
			Assets: 2, Exposures: []int64{exposure, other},
			Horizon: horizon % 64, BlockDays: block, Seed: seed,
		}
		for ; len(factors) >= 16; factors = factors[16:] {
			spec.Growth = append(spec.Growth,
				math.Float64frombits(binary.LittleEndian.Uint64(factors)),
				math.Float64frombits(binary.LittleEndian.Uint64(factors[8:])))
			spec.Days++
		}
		var input *kernel.InputError
		model, err := kernel.NewModel(spec)
		if errors.As(err, &input) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := model.Simulate(kernel.Range{First: first, Count: int64(count)}, goOn)
		if errors.As(err, &input) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if want := referenceShard(spec, first, int64(count)); !reflect.DeepEqual(got, want) {
			t.Fatalf("shard = %+v; want %+v", got, want)
		}
	})
}
