package kernel

// Path is one way to compute the same bits.
type Path string

// Paths that a build may know.
const (
	// PathGeneric is pure Go, for every processor, and the reference for the others.
	PathGeneric Path = "generic"
	// PathAVX2 is assembly for x86-64 processors with AVX2.
	PathAVX2 Path = "avx2"
)

// Paths returns those that this build can take on this processor, the fastest first.
func Paths() []Path {
	if hasAVX2 {
		return []Path{PathAVX2, PathGeneric}
	}
	return []Path{PathGeneric}
}

// arrangement is a spec's figures as a path wants them. It is immutable.
type arrangement interface {
	path() Path
	calculator() calculator
}

// calculator is a path with its buffers, for one simulation.
type calculator interface {
	// chunk is how many scenarios are calculated at a time at most.
	chunk() int
	// calculate fills in the unrounded results of consecutive scenarios. What a slice has room for beyond its
	// length, up to a chunk, may be overwritten.
	calculate(results []float64, first uint32)
	// collect rounds the results and counts them in.
	collect(r *run, results []float64, first uint32) error
}
