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
}

func newTail(keep int64) tail {
	return tail{keep: int(keep), full: int(keep + keep/2 + 1024), limit: math.MaxInt64}
}

func (t *tail) add(value int64) {
	t.values = append(t.values, value)
	if len(t.values) >= t.full {
		t.drop()
	}
}

func (t *tail) drop() {
	selectSmallest(t.values, t.keep)
	t.values = t.values[:t.keep]
	t.limit = slices.Max(t.values)
}

func (t *tail) sorted() []int64 {
	if len(t.values) > t.keep {
		t.drop()
	}
	slices.Sort(t.values)
	return t.values
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
