package kernel

import "math/bits"

// threefry is the key schedule of Threefry-2x32-20 (Salmon et al., Random123) in the order in which the
// rounds use it, with the injection numbers added in advance.
type threefry struct {
	initial    [2]uint32
	injections [5][2]uint32
}

func newThreefry(k0, k1 uint32) threefry {
	words := [3]uint32{k0, k1, 0x1bd11bda ^ k0 ^ k1}
	schedule := threefry{initial: [2]uint32{k0, k1}}
	for i := range schedule.injections {
		number := uint32(i) + 1
		schedule.injections[i] = [2]uint32{words[number%3], words[(number+1)%3] + number}
	}
	return schedule
}

// block encrypts one counter: two random words. Straight-line, because the compiler unrolls no loops and the
// processor overlaps consecutive calls.
func (t *threefry) block(c0, c1 uint32) (uint32, uint32) {
	x0, x1 := c0+t.initial[0], c1+t.initial[1]

	x0 += x1
	x1 = bits.RotateLeft32(x1, 13) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 15) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 26) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 6) ^ x0
	x0, x1 = x0+t.injections[0][0], x1+t.injections[0][1]

	x0 += x1
	x1 = bits.RotateLeft32(x1, 17) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 29) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 16) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 24) ^ x0
	x0, x1 = x0+t.injections[1][0], x1+t.injections[1][1]

	x0 += x1
	x1 = bits.RotateLeft32(x1, 13) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 15) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 26) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 6) ^ x0
	x0, x1 = x0+t.injections[2][0], x1+t.injections[2][1]

	x0 += x1
	x1 = bits.RotateLeft32(x1, 17) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 29) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 16) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 24) ^ x0
	x0, x1 = x0+t.injections[3][0], x1+t.injections[3][1]

	x0 += x1
	x1 = bits.RotateLeft32(x1, 13) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 15) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 26) ^ x0
	x0 += x1
	x1 = bits.RotateLeft32(x1, 6) ^ x0
	return x0 + t.injections[4][0], x1 + t.injections[4][1]
}
