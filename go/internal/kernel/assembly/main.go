// Command assembly writes the kernel's AVX2 assembly: `go generate ./internal/kernel` runs it.
//
// Nothing in it may use a fused multiply-add, since the kernel's definition rounds after every operation. A
// function's time is bounded by its caller: a goroutine in assembly cannot be preempted.
package main

import (
	. "github.com/mmcloughlin/avo/build" // an assembly listing reads as one
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	draw()
	add()
	collect()
	Generate()
}

// repeated is a read-only vector of one value.
func repeated(name string, lanes int, value Constant) Mem {
	table := GLOBL(name, RODATA|NOPTR)
	for lane := range lanes {
		DATA(lane*32/lanes, value)
	}
	return table
}

// broadcast32 loads a parameter of 32 bits into every lane.
func broadcast32(parameter string) reg.VecVirtual {
	word, low, all := Load(Param(parameter), GP32()), XMM(), YMM()
	VMOVD(word, low)
	VPBROADCASTD(low, all)
	return all
}
