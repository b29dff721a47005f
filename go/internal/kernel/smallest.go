package kernel

import (
	"cmp"
	"math"
	"slices"
)

// worstCount is how many scenarios a shard names.
const worstCount = 100

// worstTwentieth is ceil(n / 20): how many of n results the risk measures and the digest read.
func worstTwentieth(n int64) int64 {
	return (n + 19) / 20
}

// tailSize is D: how many of n results a simulated shard keeps. The part beyond the worst twentieth is there so
// that merging, which cuts off what it is not certain of, leaves that twentieth whole.
func tailSize(n int64) int64 {
	root := int64(math.Sqrt(float64(n)))
	for root*root < n {
		root++
	}
	for (root-1)*(root-1) >= n {
		root--
	}
	return min(n, worstTwentieth(n)+8*root)
}

// tail keeps the smallest results it is given: it gathers candidates, and drops the larger ones when it is
// full.
type tail struct {
	keep   int
	full   int
	limit  int64 // a result at or above it cannot be among the smallest
	values []int64
	seen   Histogram // of all results, those that were not gathered too
}

func newTail(keep int64, seen Histogram) tail {
	return tail{keep: int(keep), full: int(keep + keep/2 + 1024), limit: math.MaxInt64, seen: seen}
}

func (t *tail) add(value int64) {
	t.values = append(t.values, value)
	t.dropIfFull()
}

// vectorWidth is how many values a path may write beyond those that it keeps.
const vectorWidth = 4

// room is where a number of values may be written that filled then takes in.
func (t *tail) room(count int) []int64 {
	t.values = slices.Grow(t.values, count)
	return t.values[len(t.values) : len(t.values)+count]
}

func (t *tail) filled(count int) {
	t.values = t.values[:len(t.values)+count]
	t.dropIfFull()
}

func (t *tail) dropIfFull() {
	if len(t.values) < t.full {
		return
	}
	// One pass, where the histogram shows a limit that leaves few more than are kept.
	if limit, below := t.seenLimit(); below <= t.keep+t.keep/4 {
		t.values = t.values[:moveBelow(t.values, limit)]
		t.limit = min(t.limit, limit)
		return
	}
	selectSmallest(t.values, t.keep)
	t.values = t.values[:t.keep]
	t.limit = slices.Max(t.values)
}

// seenLimit is the end of the first bin up to which there are enough results, and how many there are: far too
// many where only the last bin has them, which is open.
func (t *tail) seenLimit() (limit int64, below int) {
	for bin, count := range t.seen.Counts[:max(len(t.seen.Counts)-1, 0)] {
		if below += int(count); below >= t.keep {
			return t.seen.Low + int64(bin+1)*t.seen.Width, below
		}
	}
	return math.MaxInt64, math.MaxInt
}

// moveBelow moves what is below a limit to the front and returns how many that are. It writes every value, because
// a branch would be mispredicted half the time.
func moveBelow(values []int64, limit int64) int {
	kept := 0
	for _, value := range values {
		values[kept] = value
		if value < limit {
			kept++
		}
	}
	return kept
}

func (t *tail) sorted() []int64 {
	sortRadix(t.values)
	return t.values[:min(len(t.values), t.keep)]
}

// sortRadix sorts by digits of 11 bits: comparisons would cost as much as a tenth of the simulation.
func sortRadix(values []int64) {
	const digit = 11
	if len(values) < 1<<digit {
		slices.Sort(values)
		return
	}
	low := slices.Min(values)
	span := uint64(slices.Max(values) - low)
	from, to := values, make([]int64, len(values))
	for shift := 0; span>>shift != 0; shift += digit {
		var places [1 << digit]int
		for _, value := range from {
			places[uint64(value-low)>>shift%(1<<digit)]++
		}
		at := 0
		for i, size := range places {
			places[i], at = at, at+size
		}
		for _, value := range from {
			place := &places[uint64(value-low)>>shift%(1<<digit)]
			to[*place] = value
			*place++
		}
		from, to = to, from
	}
	copy(values, from)
}

// selectSmallest moves the keep smallest values to the front, in no order: quickselect.
func selectSmallest(values []int64, keep int) {
	// Far more rounds than chance would need; then sorting bounds the time.
	for rounds := 64; 0 < keep && keep < len(values); rounds-- {
		if len(values) <= 16 || rounds == 0 {
			slices.Sort(values)
			return
		}
		split := partition(values)
		if keep < split {
			values = values[:split]
		} else {
			values, keep = values[split:], keep-split
		}
	}
}

// partition splits values so that none before the returned index is larger than any from it on; neither part
// is empty. It wants at least two values.
func partition(values []int64) int {
	first, middle, last := values[0], values[len(values)/2], values[len(values)-1]
	pivot := max(min(first, middle), min(max(first, middle), last))
	left, right := 0, len(values)-1
	for {
		for values[left] < pivot {
			left++
		}
		for values[right] > pivot {
			right--
		}
		if left >= right {
			// It is 0 where the pivot, in front, is the one smallest.
			return max(left, 1)
		}
		values[left], values[right] = values[right], values[left]
		left++
		right--
	}
}

// Result is one scenario's profit or loss in minor units. A scenario can be replayed from its number alone.
type Result struct {
	PnL      int64
	Scenario uint32
}

func compareResults(a, b Result) int {
	return cmp.Or(cmp.Compare(a.PnL, b.PnL), cmp.Compare(a.Scenario, b.Scenario))
}

// worst keeps the smallest results, in order. Scenarios must come in ascending order.
type worst struct {
	limit   int64
	results []Result
}

func newWorst() worst {
	return worst{limit: math.MaxInt64, results: make([]Result, 0, worstCount+1)}
}

func (w *worst) add(result Result) {
	at, _ := slices.BinarySearchFunc(w.results, result, compareResults)
	w.results = slices.Insert(w.results, at, result)
	if len(w.results) > worstCount {
		w.results = w.results[:worstCount]
	}
	if len(w.results) == worstCount {
		w.limit = w.results[worstCount-1].PnL
	}
}
