package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// What `go generate` writes, beside the arguments that it writes it with.
var generated = []string{"avx2_amd64.s", "avx2_stubs_amd64.go"}

func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// write generates the assembly in a new folder, as `go generate` does in the kernel's.
func write(t *testing.T) string {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), executable,
		"-out", generated[0], "-stubs", generated[1], "-pkg", "kernel")
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "TEST_AS_COMMAND=1")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return command.Dir
}

func TestCommittedAssemblyIsWhatTheGeneratorWrites(t *testing.T) {
	folder := write(t)
	for _, name := range generated {
		want, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		// The first line names the program that wrote it, here the test.
		_, got, _ = bytes.Cut(got, []byte("\n"))
		_, want, _ = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate ./internal/kernel", name)
		}
	}
}

// Rounding once instead of twice changes results by a bit now and then, which random inputs may miss.
func TestAssemblyFusesNothing(t *testing.T) {
	assembly, err := os.ReadFile(filepath.Join("..", generated[0]))
	if err != nil {
		t.Fatal(err)
	}
	if fused := regexp.MustCompile(`VFN?M(ADD|SUB)\w*`).Find(assembly); fused != nil {
		t.Errorf("the assembly fuses operations: %s", fused)
	}
}
