package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var rotations = [8]int{13, 15, 26, 6, 17, 29, 16, 24}

// drawing is what draw holds in registers.
type drawing struct {
	days, row, one    reg.VecVirtual
	out, pitch        reg.Register
	block, left       reg.Register
	bytes16, bytes24  Mem
	key               Mem
	even, odd, shifts [2]reg.VecVirtual // random words of eight scenarios each, and scratch
}

// draw writes where the growth factors of 16 scenarios' days begin, at a time. Two times eight, so that the
// processor has two independent chains of operations to overlap.
func draw() {
	TEXT("drawAVX2", NOSPLIT, "func(offsets *uint32, pitch int, key *uint32, first uint32, groups int, "+
		"horizon int, block int, days uint32, row uint32)")
	Pragma("noescape")
	Doc("drawAVX2 writes the byte offsets of the drawn days' rows for 16 scenarios a group, a line of pitch bytes",
		"a day ahead. The key is the schedule of Threefry, each of its 12 words eight times.")
	lanes := GLOBL("lanes", RODATA|NOPTR)
	for lane := range 8 {
		DATA(lane*4, U32(lane))
	}
	one, sixteen := repeated("one32", 8, U32(1)), repeated("sixteen32", 8, U32(16))
	d := drawing{
		bytes16: byteRotation(16), bytes24: byteRotation(24),
		days: broadcast32("days"), row: broadcast32("row"), one: YMM(),
		pitch: Load(Param("pitch"), GP64()), block: Load(Param("block"), GP64()),
		key: Mem{Base: Load(Param("key"), GP64())}, out: GP64(), left: GP64(),
	}
	VMOVDQU(one, d.one)
	offsets := Load(Param("offsets"), GP64())
	groups := Load(Param("groups"), GP64())
	low, high := broadcast32("first"), YMM()
	VPADDD(lanes, low, low)
	VPADDD(repeated("eight32", 8, U32(8)), low, high)
	for i := range 2 {
		d.even[i], d.odd[i], d.shifts[i] = YMM(), YMM(), YMM()
	}
	pair := YMM()

	Label("group")
	MOVQ(offsets, d.out)
	Load(Param("horizon"), d.left)
	VPXOR(pair, pair, pair)

	Label("pair")
	d.threefry([2]reg.VecVirtual{low, high}, pair)
	VPADDD(d.one, pair, pair)
	d.fill("even", d.even)
	d.fill("odd", d.odd)
	JMP(LabelRef("pair"))

	Label("drawn")
	ADDQ(Imm(64), offsets)
	VPADDD(sixteen, low, low)
	VPADDD(sixteen, high, high)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// byteRotation is the shuffle of bytes that rotates each 32-bit word left by whole bytes.
func byteRotation(by int) Mem {
	table := GLOBL(fmt.Sprintf("rotation%d", by), RODATA|NOPTR)
	for at := range 32 {
		DATA(at, U8(at/4*4%16+(at+4-by/8)%4))
	}
	return table
}

func (d *drawing) threefry(scenarios [2]reg.VecVirtual, pair reg.VecVirtual) {
	for i, scenario := range scenarios {
		VPADDD(d.key.Offset(0), scenario, d.even[i])
		VPADDD(d.key.Offset(32), pair, d.odd[i])
	}
	for round := range 20 {
		for i := range d.even {
			VPADDD(d.odd[i], d.even[i], d.even[i])
		}
		for i := range d.even {
			d.rotate(i, rotations[round%8])
		}
		for i := range d.even {
			VPXOR(d.even[i], d.odd[i], d.odd[i])
		}
		if round%4 == 3 {
			word := 64 * (round/4 + 1)
			for i := range d.even {
				VPADDD(d.key.Offset(word), d.even[i], d.even[i])
				VPADDD(d.key.Offset(word+32), d.odd[i], d.odd[i])
			}
		}
	}
}

func (d *drawing) rotate(i, by int) {
	switch by {
	case 16:
		VPSHUFB(d.bytes16, d.odd[i], d.odd[i])
	case 24:
		VPSHUFB(d.bytes24, d.odd[i], d.odd[i])
	default:
		VPSLLD(Imm(uint64(by)), d.odd[i], d.shifts[i])
		VPSRLD(Imm(uint64(32-by)), d.odd[i], d.odd[i])
		VPOR(d.shifts[i], d.odd[i], d.odd[i])
	}
}

// fill writes the block of days that one draw begins, as far as the horizon goes.
func (d *drawing) fill(name string, words [2]reg.VecVirtual) {
	for i, word := range words {
		d.scale(word, d.shifts[i])
	}
	block := GP64()
	MOVQ(d.block, block)
	Label(name)
	for i, word := range words {
		VPMULLD(d.row, word, d.shifts[i])
		VMOVDQU(d.shifts[i], Mem{Base: d.out, Disp: 32 * i})
	}
	ADDQ(d.pitch, d.out)
	DECQ(d.left)
	JZ(LabelRef("drawn"))
	DECQ(block)
	JZ(LabelRef(name + "_done"))
	for i, word := range words {
		VPADDD(d.one, word, word)
		VPCMPEQD(d.days, word, d.shifts[i])
		VPANDN(word, d.shifts[i], word)
	}
	JMP(LabelRef(name))
	Label(name + "_done")
}

// scale maps random words to days: the upper halves of their products with the number of days.
func (d *drawing) scale(words, scratch reg.VecVirtual) {
	VPSRLQ(Imm(32), words, scratch)
	VPMULUDQ(d.days, words, words)
	VPMULUDQ(d.days, scratch, scratch)
	VPSRLQ(Imm(32), words, words)
	VPBLENDD(Imm(0b10101010), scratch, words, words)
}
