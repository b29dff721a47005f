//go:build amd64 && !purego

package kernel

import (
	"math"
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run ./assembly -out avx2_amd64.s -stubs avx2_stubs_amd64.go -pkg kernel

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

const (
	avx2Scenarios = 16 // that are drawn together
	avx2Assets    = 4  // of a vector
	avx2Lane      = 12 // assets that are multiplied together
	// exactBins is how far a histogram may begin below 0 for quotients of doubles to give the right bin: up to
	// 2^52 none rounds up to the next integer.
	exactBins = 1 << 51
	// callFactors bounds the growth factors that one call multiplies: the runtime cannot preempt assembly.
	callFactors = 1 << 16
)

// avx2 is a spec's figures as the assembly wants them.
type avx2 struct {
	days, horizon, blockDays int
	stride                   int           // assets of a row, padded as a lane is
	growth                   []float64     // a row of stride for each day, from the start of a cache line
	exposures                []float64     // stride
	key                      [12][8]uint32 // Threefry's schedule, in every lane
}

func paddedAssets(assets int) int { return (assets + avx2Assets - 1) / avx2Assets * avx2Assets }

// fitsAVX2 says whether the offsets of rows fit 32 bits, and the shortest call its bound. The contract allows
// nothing that does not.
func fitsAVX2(spec Spec) bool {
	rows := int64(spec.Days) * int64(paddedAssets(spec.Assets))
	return rows <= math.MaxUint32/8 && spec.Horizon <= callFactors/(4*avx2Lane)
}

func newAVX2(spec Spec) arrangement {
	stride := paddedAssets(spec.Assets)
	a := &avx2{
		days: spec.Days, horizon: spec.Horizon, blockDays: spec.BlockDays,
		stride: stride, growth: alignedFloats(spec.Days * stride), exposures: make([]float64, stride),
	}
	for i := range a.growth {
		a.growth[i] = 1
	}
	for day := range spec.Days {
		copy(a.growth[day*stride:], spec.Growth[day*spec.Assets:(day+1)*spec.Assets])
	}
	for i, exposure := range spec.Exposures {
		a.exposures[i] = float64(exposure)
	}
	random := newThreefry(uint32(spec.Seed), uint32(spec.Seed>>32))
	for i, words := range append([][2]uint32{random.initial}, random.injections[:]...) {
		for lane := range 8 {
			a.key[2*i][lane], a.key[2*i+1][lane] = words[0], words[1]
		}
	}
	return a
}

func (a *avx2) path() Path { return PathAVX2 }

func (a *avx2) calculator() calculator {
	// As many scenarios as keep their offsets within the fastest cache, if it can be.
	chunk := min(max(4096/a.horizon/avx2Scenarios, 1)*avx2Scenarios, 256)
	return &avx2Calculator{avx2: a, offsets: make([]uint32, chunk*a.horizon)}
}

type avx2Calculator struct {
	*avx2
	offsets []uint32 // of the rows' bytes: a line of a chunk's scenarios for each day ahead
	tally   tally
}

func (c *avx2Calculator) chunk() int { return len(c.offsets) / c.horizon }

func (c *avx2Calculator) calculate(results []float64, first uint32) {
	// Whole groups: what is calculated beyond the results is not looked at.
	groups := (len(results) + avx2Scenarios - 1) / avx2Scenarios
	results = results[:groups*avx2Scenarios]
	pitch := 4 * c.chunk()
	drawAVX2(&c.offsets[0], pitch, &c.key[0][0], first, groups, c.horizon, c.blockDays,
		uint32(c.days), uint32(8*c.stride))
	clear(results)
	columns, scenarios := c.call()
	for column := 0; column < c.stride; column += columns {
		width := min(columns, c.stride-column)
		for at := 0; at < len(results); at += scenarios {
			part := results[at:min(at+scenarios, len(results))]
			addAVX2(&part[0], &c.offsets[at], pitch, &c.growth[column], &c.exposures[column],
				len(part)/4, c.horizon, width/avx2Assets)
		}
	}
}

// call is how many assets and scenarios one call multiplies.
func (a *avx2) call() (columns, scenarios int) {
	columns = a.stride
	if 4*columns*a.horizon > callFactors {
		columns = avx2Lane
	}
	return columns, max(callFactors/(columns*a.horizon)/4, 1) * 4
}

// tally is what collectAVX2 counts in and compares with, in four lanes. The assembly knows its order.
type tally struct {
	sum, bitsum  [4]uint64
	min, max     [4]float64
	worst, limit [4]int64 // a result below them is among the worst, or belongs to the tail
	low, width   [4]float64
}

func (c *avx2Calculator) collect(r *run, results []float64, first uint32) error {
	for len(results) > 0 {
		done := 0
		if r.model.low > -exactBins && len(results) >= 4 {
			done = c.tally.collect(r, results)
		}
		// What stopped it, or the rest: an error, one of the worst, or fewer than four.
		next := min(done+4, len(results))
		if err := r.collect(results[done:next], first+uint32(done)); err != nil {
			return err
		}
		results, first = results[next:], first+uint32(next)
	}
	return nil
}

// collect counts results in, up to the first that needs a closer look, and returns how many.
func (t *tally) collect(r *run, results []float64) int {
	for lane := range 4 {
		t.sum[lane], t.bitsum[lane] = 0, 0
		t.min[lane], t.max[lane] = math.Inf(1), math.Inf(-1)
		t.worst[lane], t.limit[lane] = r.worst.limit, r.tail.limit
		t.low[lane], t.width[lane] = float64(r.model.low), float64(r.model.width)
	}
	room := r.tail.room(len(results) + vectorWidth)
	done, kept := collectAVX2(&t.sum[0], &results[0], len(results)/4, &r.counts[0], &room[0])
	if done == 0 {
		return 0
	}
	for lane := range 4 {
		r.sum += int64(t.sum[lane])
		r.bitsum += t.bitsum[lane]
		r.min = min(r.min, int64(t.min[lane]))
		r.max = max(r.max, int64(t.max[lane]))
	}
	r.tail.filled(kept)
	return 4 * done
}

// alignedFloats begin with a cache line, so that a row touches as few of them as it can.
func alignedFloats(length int) []float64 {
	const line = 64 / 8
	values := make([]float64, length+line-1)
	skip := -int(uintptr(unsafe.Pointer(&values[0]))/8) & (line - 1)
	return values[skip : skip+length : skip+length]
}
