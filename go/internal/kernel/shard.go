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
	// Tail is the smallest results in minor units, ascending. A simulated shard of n scenarios has
	// ceil(n / 20) + 8 ceil(sqrt(n)) of them, at most n; a merged one as many of these as are certain, and at least
	// ceil(n / 20).
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

// Merge condenses the scenarios of two shards into one, exactly: digests are equal for any sharding and order.
// An error is an *InputError: the shards are not of one model, their sums could exceed int64, or their tails are
// too short.
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
	merged.Tail = upTo(merged.Tail, min(a.certainUpTo(), b.certainUpTo()))
	if int64(len(merged.Tail)) < worstTwentieth(merged.Count) {
		return nil, inputErrorf("tail_minor", "the tails of the shards hold %d certain results; %d are needed",
			len(merged.Tail), worstTwentieth(merged.Count))
	}
	merged.Worst = smallestOf(a.Worst, b.Worst, worstCount,
		func(a, b Result) bool { return compareResults(a, b) < 0 })
	return merged, nil
}

// certainUpTo is the result up to which the tail lacks none: what a shard has cut away is not below the last
// that it kept.
func (s *Shard) certainUpTo() int64 {
	if int64(len(s.Tail)) == s.Count {
		return math.MaxInt64
	}
	return s.Tail[len(s.Tail)-1]
}

// upTo cuts an ascending list before the first value above a bound.
func upTo(values []int64, bound int64) []int64 {
	end, _ := slices.BinarySearchFunc(values, bound, func(value, bound int64) int {
		if value <= bound {
			return -1
		}
		return 1
	})
	return values[:end]
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

// Digest is the SHA-256 of the shard, in lower-case hexadecimal. Of the tail it covers the worst twentieth: how
// much further a tail reaches depends on the sharding.
func (s *Shard) Digest() string {
	tail := s.Tail[:worstTwentieth(s.Count)]
	hash := sha256.New()
	hash.Write([]byte("triglot-shard-1\x00"))
	// A buffer that stays in the fastest cache: a tail may be of many megabytes.
	buffer := make([]byte, 0, 8*1024)
	writeWords := func(values ...int64) {
		for values := range slices.Chunk(values, cap(buffer)/8) {
			buffer = buffer[:0]
			for _, value := range values {
				buffer = binary.LittleEndian.AppendUint64(buffer, uint64(value))
			}
			hash.Write(buffer)
		}
	}
	writeWords(s.Count, s.Sum, s.Min, s.Max, int64(s.Bitsum), s.Histogram.Low, s.Histogram.Width)
	writeWords(int64(len(s.Histogram.Counts)))
	writeWords(s.Histogram.Counts...)
	writeWords(int64(len(tail)))
	writeWords(tail...)
	writeWords(int64(len(s.Worst)))
	for _, result := range s.Worst {
		writeWords(result.PnL, int64(result.Scenario))
	}
	return hex.EncodeToString(hash.Sum(nil))
}
