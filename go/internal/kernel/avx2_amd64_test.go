//go:build amd64 && !purego

package kernel

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/cpu"
)

func TestPathsAreThoseOfTheProcessor(t *testing.T) {
	want := PathGeneric
	if cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT {
		want = PathAVX2
	}
	if got := Paths()[0]; got != want {
		t.Errorf("the fastest path is %s; want %s", got, want)
	}
}

// The runtime cannot preempt assembly: a call that multiplies for long would hold up a garbage collection, and with
// it everything else.
func TestCallsAreShort(t *testing.T) {
	for assets := 1; assets <= 1000; assets++ {
		for _, horizon := range []int{1, 2, 10, 99, 100, 999, 1000} {
			a := &avx2{horizon: horizon, stride: paddedAssets(assets)}
			columns, scenarios := a.call()
			if columns*scenarios*horizon > 1<<16 || columns%4 != 0 || scenarios%4 != 0 || min(columns, scenarios) < 4 {
				t.Fatalf("%d assets, %d days: a call multiplies %d assets of %d scenarios",
					assets, horizon, columns, scenarios)
			}
		}
	}
}

func TestWhatTheAssemblyCannotAddressIsForTheGenericPath(t *testing.T) {
	cases := []struct {
		name string
		spec Spec
		want bool
	}{
		{"the contract's limits", Spec{Days: 65536, Assets: 1000, Horizon: 1000}, true},
		{"rows beyond 32 bits", Spec{Days: 65536, Assets: 8192, Horizon: 1}, false},
		{"a horizon too long for one call", Spec{Days: 1, Assets: 1, Horizon: 2000}, false},
	}
	for _, c := range cases {
		if got := fitsAVX2(c.spec); got != c.want {
			t.Errorf("%s: fits = %t; want %t", c.name, got, c.want)
		}
	}
}

// The assembly knows the fields by their places.
func TestTallyIsLaidOutAsTheAssemblyReadsIt(t *testing.T) {
	var tally tally
	offsets := []uintptr{
		unsafe.Offsetof(tally.sum), unsafe.Offsetof(tally.bitsum),
		unsafe.Offsetof(tally.min), unsafe.Offsetof(tally.max),
		unsafe.Offsetof(tally.worst), unsafe.Offsetof(tally.limit),
		unsafe.Offsetof(tally.low), unsafe.Offsetof(tally.width),
	}
	for i, offset := range offsets {
		if offset != uintptr(32*i) {
			t.Errorf("field %d begins at %d; want %d", i, offset, 32*i)
		}
	}
}

func TestRowsBeginWithACacheLine(t *testing.T) {
	for length := 1; length < 200; length++ {
		values := alignedFloats(length)
		if len(values) != length || uintptr(unsafe.Pointer(&values[0]))%64 != 0 {
			t.Fatalf("%d values begin at %p", len(values), &values[0])
		}
	}
}
