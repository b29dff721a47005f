package kernel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/bits"
	"slices"
)

// Shard is the simulated scenarios, condensed.
type Shard struct {
	// Count is how many scenarios were simulated.
	Count int64
	// Sum, Min and Max are of the profits and losses, in minor units.
	Sum, Min, Max int64
	// Bitsum is the sum modulo 2^64 of the raw bits of every unrounded result: the witness that all floats
	// were identical.
	Bitsum uint64
	// Histogram is the distribution.
	Histogram Histogram
	// Tail is the smallest results in minor units, ascending: ceil(n / 20) + 8 ceil(sqrt(n)) of n, at most n.
	Tail []int64
	// Worst is the (at most) 100 smallest results with their scenarios, by result, then scenario.
	Worst []Result
}

// Histogram counts results in bins of equal width; what lies beyond either end counts in the outermost bin.
type Histogram struct {
	// Low is where the first bin begins, Width how wide each is, in minor units.
	Low, Width int64
	Counts     []int64
}

// Merge condenses the scenarios of two shards into one. All but the tail's end is exact in any order: of a
// shard that is merged with a much smaller one, the tail may lack a few of the results that D(n) of both still
// holds; the worst twentieth, which the risk measures read, is safe by 36 standard deviations. An error is an
// *InputError: the shards are not of one model, or their sums could exceed int64.
func Merge(a, b *Shard) (*Shard, error) {
	if a.Histogram.Low != b.Histogram.Low || a.Histogram.Width != b.Histogram.Width ||
		len(a.Histogram.Counts) != len(b.Histogram.Counts) {
		return nil, inputErrorf("histogram", "shards of different models cannot be merged")
	}
	merged := &Shard{
		Count:     a.Count + b.Count,
		Sum:       a.Sum + b.Sum,
		Min:       min(a.Min, b.Min),
		Max:       max(a.Max, b.Max),
		Bitsum:    a.Bitsum + b.Bitsum,
		Histogram: Histogram{Low: a.Histogram.Low, Width: a.Histogram.Width},
	}
	if err := checkSums(merged.Min, merged.Max, merged.Count); err != nil {
		return nil, err
	}
	merged.Histogram.Counts = slices.Clone(a.Histogram.Counts)
	for i, count := range b.Histogram.Counts {
		merged.Histogram.Counts[i] += count
	}
	merged.Tail = smallestOf(a.Tail, b.Tail, tailSize(merged.Count), func(a, b int64) bool { return a < b })
	merged.Worst = smallestOf(a.Worst, b.Worst, worstCount,
		func(a, b Result) bool { return compareResults(a, b) < 0 })
	return merged, nil
}

// smallestOf merges two ascending lists up to a length.
func smallestOf[T any](a, b []T, limit int64, less func(a, b T) bool) []T {
	merged := make([]T, 0, min(int64(len(a)+len(b)), limit))
	for len(merged) < cap(merged) {
		if len(b) == 0 || len(a) > 0 && !less(b[0], a[0]) {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	return merged
}

// checkSums refuses results whose sum could exceed int64 in some order of addition.
func checkSums(smallest, largest, count int64) error {
	magnitude := uint64(max(-smallest, largest))
	if high, low := bits.Mul64(magnitude, uint64(count)); high != 0 || low > math.MaxInt64 {
		return inputErrorf("exposures_minor", "%d results of up to %d minor units may sum to 2^63 or more",
			count, magnitude)
	}
	return nil
}

// Digest is the SHA-256 of all of the shard, in lower-case hexadecimal.
func (s *Shard) Digest() string {
	words := 10 + len(s.Histogram.Counts) + len(s.Tail) + 2*len(s.Worst)
	content := make([]byte, 0, 16+8*words)
	content = append(content, "triglot-shard-1\x00"...)
	appendWords := func(values ...int64) {
		for _, value := range values {
			content = binary.LittleEndian.AppendUint64(content, uint64(value))
		}
	}
	appendWords(s.Count, s.Sum, s.Min, s.Max, int64(s.Bitsum), s.Histogram.Low, s.Histogram.Width)
	appendWords(int64(len(s.Histogram.Counts)))
	appendWords(s.Histogram.Counts...)
	appendWords(int64(len(s.Tail)))
	appendWords(s.Tail...)
	appendWords(int64(len(s.Worst)))
	for _, result := range s.Worst {
		appendWords(result.PnL, int64(result.Scenario))
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
