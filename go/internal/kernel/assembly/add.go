package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	vectorBytes = 32
	// scenarios at a time: as many as a vector has lanes, so that their results are added side by side.
	scenarios = 4
	// laneVectors is how many vectors of assets are multiplied at a time: 4 x 3 of the 16 registers.
	laneVectors = 3
)

// adding is what add holds in registers.
type adding struct {
	growth, exposures, offsets, pitch, horizon reg.Register
	sum                                        reg.VecVirtual
	one                                        Mem
}

func add() {
	TEXT("addAVX2", NOSPLIT, "func(results *float64, offsets *uint32, pitch int, growth *float64, "+
		"exposures *float64, groups int, horizon int, vectors int)")
	Pragma("noescape")
	Doc("addAVX2 adds the profit or loss of vectors of four assets to the results of four scenarios a group.")
	a := adding{
		growth: GP64(), exposures: GP64(), sum: YMM(),
		offsets: Load(Param("offsets"), GP64()), pitch: Load(Param("pitch"), GP64()),
		horizon: Load(Param("horizon"), GP64()),
		one:     repeated("one64", 4, F64(1)),
	}
	results := Load(Param("results"), GP64())
	groups := Load(Param("groups"), GP64())
	vectors := GP64()

	Label("group")
	Load(Param("growth"), a.growth)
	Load(Param("exposures"), a.exposures)
	Load(Param("vectors"), vectors)
	VMOVUPD(Mem{Base: results}, a.sum)

	Label("lanes")
	CMPQ(vectors, Imm(laneVectors))
	JL(LabelRef("rest"))
	a.lane(laneVectors)
	ADDQ(Imm(laneVectors*vectorBytes), a.growth)
	ADDQ(Imm(laneVectors*vectorBytes), a.exposures)
	SUBQ(Imm(laneVectors), vectors)
	JMP(LabelRef("lanes"))

	Label("rest")
	CMPQ(vectors, Imm(1))
	JL(LabelRef("added"))
	JE(LabelRef("single"))
	a.lane(2)
	JMP(LabelRef("added"))
	Label("single")
	a.lane(1)

	Label("added")
	VMOVUPD(a.sum, Mem{Base: results})
	ADDQ(Imm(scenarios*8), results)
	ADDQ(Imm(scenarios*4), a.offsets)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// lane adds the assets of some vectors, in their order.
func (a *adding) lane(vectors int) {
	var products [scenarios][laneVectors]reg.VecVirtual
	offsets, left := GP64(), GP64()
	MOVQ(a.offsets, offsets)
	MOVQ(a.horizon, left)
	row := func(scenario, vector int, load func(factors Mem, product reg.VecVirtual)) {
		day := GP64()
		MOVL(Mem{Base: offsets, Disp: 4 * scenario}, day.As32())
		for v := range vector {
			load(Mem{Base: a.growth, Index: day, Scale: 1, Disp: vectorBytes * v}, products[scenario][v])
		}
	}
	for s := range scenarios {
		for v := range vectors {
			products[s][v] = YMM()
		}
		row(s, vectors, func(factors Mem, product reg.VecVirtual) { VMOVUPD(factors, product) })
	}
	multiply, multiplied := fmt.Sprintf("multiply%d", vectors), fmt.Sprintf("multiplied%d", vectors)
	Label(multiply)
	DECQ(left)
	JZ(LabelRef(multiplied))
	ADDQ(a.pitch, offsets)
	for s := range scenarios {
		row(s, vectors, func(factors Mem, product reg.VecVirtual) { VMULPD(factors, product, product) })
	}
	JMP(LabelRef(multiply))

	Label(multiplied)
	for v := range vectors {
		var assets [scenarios]reg.VecVirtual
		for s := range scenarios {
			VSUBPD(a.one, products[s][v], products[s][v])
			VMULPD(Mem{Base: a.exposures, Disp: vectorBytes * v}, products[s][v], products[s][v])
			assets[s] = products[s][v]
		}
		for _, asset := range transposed(assets) {
			VADDPD(asset, a.sum, a.sum)
		}
	}
}

// transposed turns vectors of assets, one a scenario, into vectors of scenarios, one an asset.
func transposed(rows [4]reg.VecVirtual) [4]reg.VecVirtual {
	even, odd := [2]reg.VecVirtual{YMM(), YMM()}, [2]reg.VecVirtual{rows[0], rows[2]}
	for i := range 2 {
		VUNPCKLPD(rows[2*i+1], rows[2*i], even[i])
		VUNPCKHPD(rows[2*i+1], rows[2*i], odd[i])
	}
	const lower, upper = 0x20, 0x31
	VPERM2F128(Imm(lower), even[1], even[0], rows[1])
	VPERM2F128(Imm(upper), even[1], even[0], even[0])
	VPERM2F128(Imm(lower), odd[1], odd[0], rows[3])
	VPERM2F128(Imm(upper), odd[1], odd[0], odd[0])
	return [4]reg.VecVirtual{rows[1], rows[3], even[0], odd[0]}
}
