package kernel

// generic is a spec's figures as the path in pure Go wants them, which runs on every processor and is the
// reference for the others.
type generic struct {
	days, horizon, blockDays int
	random                   threefry
	lanes                    []lane
}

func newGeneric(spec Spec) *generic {
	return &generic{
		days:      spec.Days,
		horizon:   spec.Horizon,
		blockDays: spec.BlockDays,
		random:    newThreefry(uint32(spec.Seed), uint32(spec.Seed>>32)),
		lanes:     newLanes(spec),
	}
}

func (g *generic) path() Path { return PathGeneric }

func (g *generic) calculator() calculator {
	// As many scenarios as keep their days within the fastest cache.
	chunk := min(max(4096/g.horizon, 1), 256)
	return &genericCalculator{generic: g, drawn: make([]uint32, chunk*g.horizon)}
}

type genericCalculator struct {
	*generic
	drawn []uint32 // horizon days for each scenario of a chunk
}

func (c *genericCalculator) chunk() int { return len(c.drawn) / c.horizon }

func (c *genericCalculator) calculate(results []float64, first uint32) {
	days := c.drawn[:len(results)*c.horizon]
	c.drawDays(days, first)
	clear(results)
	for i := range c.lanes {
		c.lanes[i].add(results, days)
	}
}

func (c *genericCalculator) collect(r *run, results []float64, first uint32) error {
	return r.collect(results, first)
}

// drawDays fills in each scenario's days.
func (g *generic) drawDays(days []uint32, scenario uint32) {
	total := uint32(g.days)
	for ; len(days) > 0; days = days[g.horizon:] {
		drawn := days[:g.horizon]
		for pair := uint32(0); len(drawn) > 0; pair++ {
			even, odd := g.random.block(scenario, pair)
			drawn = g.fillBlock(drawn, scale(even, total))
			drawn = g.fillBlock(drawn, scale(odd, total))
		}
		scenario++
	}
}

// fillBlock fills in one block of consecutive days, as far as there is room, and returns the days still to
// draw.
func (g *generic) fillBlock(days []uint32, day uint32) []uint32 {
	length := min(g.blockDays, len(days))
	for i := range days[:length] {
		days[i] = day
		if day++; day == uint32(g.days) {
			day = 0
		}
	}
	return days[length:]
}

// scale maps a random word to [0, total).
func scale(word, total uint32) uint32 {
	return uint32(uint64(word) * uint64(total) >> 32)
}
