package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Where the fields of the kernel's tally begin that follow its four totals.
const (
	worstField = vectorBytes * (iota + 4)
	tailField
	lowField
	widthField
)

func collect() {
	TEXT("collectAVX2", NOSPLIT, "func(tally *uint64, results *float64, groups int, counts *int64, tail *int64) "+
		"(done int, kept int)")
	Pragma("noescape")
	Doc("collectAVX2 rounds the results and counts them in, four a group, up to the first group that holds one",
		"beyond the exact range or among the worst: done says how many groups it counted. It writes what is below",
		"the tail's limit to tail, kept results and room for four more.")
	tally := Mem{Base: Load(Param("tally"), GP64())}
	results := Load(Param("results"), GP64())
	groups := Load(Param("groups"), GP64())
	counts := Load(Param("counts"), GP64())
	tail := Load(Param("tail"), GP64())
	magic := YMM()
	// 1.5 * 2^52: adding and subtracting it rounds half to even.
	VMOVUPD(repeated("magic", 4, F64(3<<51)), magic)
	positive := repeated("positive", 4, U64(1<<63-1))
	maxResult := repeated("maxResult", 4, F64(1<<43))
	lastBin := repeated("lastBin", 4, F64(1999))
	zero := YMM()
	VXORPD(zero, zero, zero)
	sum, bitsum, smallest, largest := YMM(), YMM(), YMM(), YMM()
	totals := []reg.VecVirtual{sum, bitsum, smallest, largest}
	for field, total := range totals {
		VMOVUPD(tally.Offset(vectorBytes*field), total)
	}
	worst, limit, first, left := YMM(), YMM(), GP64(), GP64()
	VMOVDQU(tally.Offset(worstField), worst)
	VMOVDQU(tally.Offset(tailField), limit)
	table := GP64()
	LEAQ(compressions(), table)
	MOVQ(tail, first)
	MOVQ(groups, left)

	Label("group")
	result, rounded, pnl := YMM(), YMM(), YMM()
	VMOVUPD(Mem{Base: results}, result)
	VADDPD(magic, result, pnl)
	VSUBPD(magic, pnl, rounded)
	// The low bits of the sum are the integer.
	VPSUBQ(magic, pnl, pnl)
	exact, among, mask := YMM(), YMM(), GP64()
	VANDPD(positive, rounded, exact)
	// Ordered and less or equal, which a NaN is not.
	const lessOrEqual = 0x12
	VCMPPD(Imm(lessOrEqual), maxResult, exact, exact)
	VPCMPGTQ(pnl, worst, among)
	VPANDN(exact, among, exact)
	VMOVMSKPD(exact, mask.As32())
	CMPQ(mask, Imm(0b1111))
	JNE(LabelRef("done"))

	VPADDQ(pnl, sum, sum)
	VPADDQ(result, bitsum, bitsum)
	VMINPD(rounded, smallest, smallest)
	VMAXPD(rounded, largest, largest)

	bin, bins, index := YMM(), XMM(), GP64()
	VSUBPD(tally.Offset(lowField), rounded, bin)
	VMAXPD(zero, bin, bin)
	VDIVPD(tally.Offset(widthField), bin, bin)
	VMINPD(lastBin, bin, bin)
	VCVTTPD2DQY(bin, bins)
	for lane := range 4 {
		VPEXTRD(Imm(uint64(lane)), bins, index.As32())
		INCQ(Mem{Base: counts, Index: index, Scale: 8})
	}

	below, order := YMM(), YMM()
	VPCMPGTQ(pnl, limit, below)
	VMOVMSKPD(below, mask.As32())
	number := GP64()
	POPCNTL(mask.As32(), number.As32())
	SHLQ(Imm(5), mask)
	VMOVDQU(Mem{Base: table, Index: mask, Scale: 1}, order)
	VPERMD(pnl, order, pnl)
	VMOVDQU(pnl, Mem{Base: tail})
	LEAQ(Mem{Base: tail, Index: number, Scale: 8}, tail)

	ADDQ(Imm(scenarios*8), results)
	DECQ(left)
	JNZ(LabelRef("group"))

	Label("done")
	for field, total := range totals {
		VMOVUPD(total, tally.Offset(vectorBytes*field))
	}
	VZEROUPPER()
	SUBQ(left, groups)
	Store(groups, ReturnIndex(0))
	SUBQ(first, tail)
	SHRQ(Imm(3), tail)
	Store(tail, ReturnIndex(1))
	RET()
}

// compressions is a table of permutations: for each mask, those that move what it names to the front.
func compressions() Mem {
	table := GLOBL("compressions", RODATA|NOPTR)
	for mask := range 16 {
		place := 0
		for lane := range 4 {
			if mask>>lane&1 == 1 {
				DATA(mask*32+place*8, U32(2*lane))
				DATA(mask*32+place*8+4, U32(2*lane+1))
				place++
			}
		}
		for ; place < 4; place++ {
			DATA(mask*32+place*8, U64(0))
		}
	}
	return table
}
