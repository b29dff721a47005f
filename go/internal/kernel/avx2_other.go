//go:build !amd64 || purego

package kernel

const hasAVX2 = false

func fitsAVX2(Spec) bool { return false }

func newAVX2(spec Spec) arrangement { return newGeneric(spec) }
