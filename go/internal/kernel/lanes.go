package kernel

// laneWidth is how many assets' products fit the floating-point registers at once.
const laneWidth = 12

// A lane is up to 12 consecutive assets, padded to 4, 8 or 12 with growth 1 and exposure 0, which changes no
// bit: the padding adds +0.
type lane struct {
	width     int
	growth    []float64 // a row of width values for each day
	exposures [laneWidth]float64
}

func newLanes(spec Spec) []lane {
	var lanes []lane
	for first := 0; first < spec.Assets; first += laneWidth {
		assets := min(laneWidth, spec.Assets-first)
		width := (assets + 3) / 4 * 4
		next := lane{width: width, growth: make([]float64, spec.Days*width)}
		for day := range spec.Days {
			row := next.growth[day*width : (day+1)*width]
			for i := range row {
				row[i] = 1
			}
			copy(row[:assets], spec.Growth[day*spec.Assets+first:])
		}
		for i := range assets {
			next.exposures[i] = float64(spec.Exposures[first+i])
		}
		lanes = append(lanes, next)
	}
	return lanes
}

// add adds the lane's profit or loss in minor units to each scenario's; days holds the same number of days
// for each scenario in turn.
func (l *lane) add(results []float64, days []uint32) {
	horizon := len(days) / len(results)
	for i := range results {
		drawn := days[i*horizon : (i+1)*horizon]
		switch l.width {
		case 4:
			results[i] = l.add4(results[i], drawn)
		case 8:
			results[i] = l.add8(results[i], drawn)
		default:
			results[i] = l.add12(results[i], drawn)
		}
	}
}

// The three widths are written out: only scalar variables stay in registers.

func (l *lane) add4(result float64, days []uint32) float64 {
	growth := l.growth
	g := (*[4]float64)(growth[int(days[0])*4:])
	p0, p1, p2, p3 := g[0], g[1], g[2], g[3]
	for _, day := range days[1:] {
		g := (*[4]float64)(growth[int(day)*4:])
		p0 *= g[0]
		p1 *= g[1]
		p2 *= g[2]
		p3 *= g[3]
	}
	e := &l.exposures
	result += float64(e[0] * (float64(p0) - 1))
	result += float64(e[1] * (float64(p1) - 1))
	result += float64(e[2] * (float64(p2) - 1))
	return result + float64(e[3]*(float64(p3)-1))
}

func (l *lane) add8(result float64, days []uint32) float64 {
	growth := l.growth
	g := (*[8]float64)(growth[int(days[0])*8:])
	p0, p1, p2, p3, p4, p5, p6, p7 := g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]
	for _, day := range days[1:] {
		g := (*[8]float64)(growth[int(day)*8:])
		p0 *= g[0]
		p1 *= g[1]
		p2 *= g[2]
		p3 *= g[3]
		p4 *= g[4]
		p5 *= g[5]
		p6 *= g[6]
		p7 *= g[7]
	}
	e := &l.exposures
	result += float64(e[0] * (float64(p0) - 1))
	result += float64(e[1] * (float64(p1) - 1))
	result += float64(e[2] * (float64(p2) - 1))
	result += float64(e[3] * (float64(p3) - 1))
	result += float64(e[4] * (float64(p4) - 1))
	result += float64(e[5] * (float64(p5) - 1))
	result += float64(e[6] * (float64(p6) - 1))
	return result + float64(e[7]*(float64(p7)-1))
}

func (l *lane) add12(result float64, days []uint32) float64 {
	growth := l.growth
	g := (*[12]float64)(growth[int(days[0])*12:])
	p0, p1, p2, p3, p4, p5 := g[0], g[1], g[2], g[3], g[4], g[5]
	p6, p7, p8, p9, p10, p11 := g[6], g[7], g[8], g[9], g[10], g[11]
	for _, day := range days[1:] {
		g := (*[12]float64)(growth[int(day)*12:])
		p0 *= g[0]
		p1 *= g[1]
		p2 *= g[2]
		p3 *= g[3]
		p4 *= g[4]
		p5 *= g[5]
		p6 *= g[6]
		p7 *= g[7]
		p8 *= g[8]
		p9 *= g[9]
		p10 *= g[10]
		p11 *= g[11]
	}
	e := &l.exposures
	result += float64(e[0] * (float64(p0) - 1))
	result += float64(e[1] * (float64(p1) - 1))
	result += float64(e[2] * (float64(p2) - 1))
	result += float64(e[3] * (float64(p3) - 1))
	result += float64(e[4] * (float64(p4) - 1))
	result += float64(e[5] * (float64(p5) - 1))
	result += float64(e[6] * (float64(p6) - 1))
	result += float64(e[7] * (float64(p7) - 1))
	result += float64(e[8] * (float64(p8) - 1))
	result += float64(e[9] * (float64(p9) - 1))
	result += float64(e[10] * (float64(p10) - 1))
	return result + float64(e[11]*(float64(p11)-1))
}
