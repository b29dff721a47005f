package kernel

import "math"

const (
	maxDays       = 1 << 16
	maxScenarios  = 1 << 32
	exactIntegers = 1 << 53 // from here on not every integer is a float64
	maxResult     = 1 << 43 // minor units; the largest result that still rounds exactly
	binCount      = 2000
)

// Spec is the input of a simulation.
type Spec struct {
	// Days is T, the number of historical days, 1 to 65,536.
	Days int
	// Assets is A, the number of positions, at least 1.
	Assets int
	// Growth is G, row by row: asset a's growth on day t is at t*Assets + a; finite and above 0.
	Growth []float64
	// Exposures is E in minor units, one an asset; magnitudes below 2^53, their sum above 0.
	Exposures []int64
	// Horizon is H, the days over which profit and loss are taken, at least 1.
	Horizon int
	// BlockDays is L, how many consecutive days are drawn at a time, 1 to Days.
	BlockDays int
	// Seed is the key of the random generator.
	Seed uint64
}

// Model is a checked Spec, arranged for the inner loop. It is immutable: any number of simulations may share
// it.
type Model struct {
	arrangement
	low, width     int64
	blockScenarios int64 // between two chances to stop
}

// NewModel checks a spec and arranges it for the fastest path. An error is an *InputError.
func NewModel(spec Spec) (*Model, error) { return NewModelOn(Paths()[0], spec) }

// NewModelOn checks a spec and arranges it for one of Paths. An error is an *InputError.
func NewModelOn(path Path, spec Spec) (*Model, error) {
	if err := checkShape(spec); err != nil {
		return nil, err
	}
	if err := checkGrowth(spec); err != nil {
		return nil, err
	}
	gross, err := grossExposure(spec.Exposures)
	if err != nil {
		return nil, err
	}
	return &Model{
		arrangement:    arrange(path, spec),
		low:            -gross,
		width:          max(1, (gross+999)/1000),
		blockScenarios: blockScenarios(spec),
	}, nil
}

// Path is the way that its simulations take.
func (m *Model) Path() Path { return m.path() }

func arrange(path Path, spec Spec) arrangement {
	if path == PathAVX2 && fitsAVX2(spec) {
		return newAVX2(spec)
	}
	return newGeneric(spec)
}

// blockScenarios keeps a block within milliseconds, however many factors a scenario multiplies.
func blockScenarios(spec Spec) int64 {
	const maxFactors = 1 << 24
	return min(BlockScenarios, max(1, maxFactors/(int64(spec.Horizon)*int64(spec.Assets))))
}

func checkShape(spec Spec) error {
	switch {
	case spec.Days < 1 || spec.Days > maxDays:
		return inputErrorf("day_count", "%d is not within 1 to %d", spec.Days, maxDays)
	case spec.Assets < 1:
		return inputErrorf("asset_count", "%d is below 1", spec.Assets)
	case len(spec.Exposures) != spec.Assets:
		return inputErrorf("exposures_minor", "%d values for %d assets", len(spec.Exposures), spec.Assets)
	case len(spec.Growth) != spec.Days*spec.Assets:
		return inputErrorf("growth_factors", "%d values for %d days and %d assets",
			len(spec.Growth), spec.Days, spec.Assets)
	case spec.Horizon < 1 || spec.Horizon > math.MaxInt32:
		return inputErrorf("horizon_days", "%d is not within 1 to %d", spec.Horizon, math.MaxInt32)
	case spec.BlockDays < 1 || spec.BlockDays > spec.Days:
		return inputErrorf("block_days", "%d is not within 1 and the %d days", spec.BlockDays, spec.Days)
	}
	return nil
}

func checkGrowth(spec Spec) error {
	for i, factor := range spec.Growth {
		// Written so that NaN, which fails every comparison, is refused too.
		if !(factor > 0 && factor <= math.MaxFloat64) {
			return inputErrorf("growth_factors", "day %d, asset %d is %v, not finite and above 0",
				i/spec.Assets, i%spec.Assets, factor)
		}
	}
	return nil
}

func grossExposure(exposures []int64) (int64, error) {
	// Leaves room for q - low, and for the magnitude that goes beyond it.
	const maxGross = math.MaxInt64 - exactIntegers
	var gross int64
	for asset, exposure := range exposures {
		if exposure <= -exactIntegers || exposure >= exactIntegers {
			return 0, inputErrorf("exposures_minor", "asset %d: the magnitude of %d is not below 2^53",
				asset, exposure)
		}
		gross += max(exposure, -exposure)
		if gross > maxGross {
			return 0, inputErrorf("exposures_minor", "the sum of magnitudes exceeds %d", int64(maxGross))
		}
	}
	if gross == 0 {
		return 0, inputErrorf("exposures_minor", "all are 0")
	}
	return gross, nil
}
