// Package kernel is the bootstrap historical simulation of a portfolio's profit and loss, bit for bit the
// same in every language. docs/kernel.md is the definition.
//
// It has two paths to the same bits: pure Go, the reference, and assembly for AVX2 that the folder assembly writes.
//
// It is pure: it knows neither messages nor workers nor files, and uses only integer arithmetic and
// IEEE-exact double operations in a fixed order. Products are wrapped in float64(...) because Go otherwise
// fuses them with the addition that follows on arm64, ppc64le, s390x and riscv64.
package kernel
