package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	riskv1 "example.com/triglot/go/risk/v1"
)

// input is one asset over two days, changed as a case wants it.
func input(change func(spec, scenarios map[string]any)) string {
	spec := map[string]any{
		"dayCount": 2, "assetCount": 1, "growthFactors": []any{1.5, 0.5}, "exposuresMinor": []any{"1000"},
		"horizonDays": 1, "blockDays": 1, "seed": "18446744073709551615",
	}
	scenarios := map[string]any{"first": "4294967286", "count": "10"}
	change(spec, scenarios)
	content, err := json.Marshal(map[string]any{"spec": spec, "range": scenarios})
	if err != nil {
		panic(err)
	}
	return string(content)
}

// execute runs the command as a process; the test binary stands in for it.
func execute(t *testing.T, input string, arguments ...string) (stdout, stderr string, exitCode int) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), executable, arguments...)
	command.Env = append(os.Environ(), "TEST_AS_COMMAND=1")
	command.Stdin = strings.NewReader(input)
	var out, problems strings.Builder
	command.Stdout, command.Stderr = &out, &problems
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), command.ProcessState.ExitCode()
}

func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestOutputIsTheShardAndItsDigest(t *testing.T) {
	stdout, stderr, code := execute(t, input(func(_, _ map[string]any) {}))
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %q", code, stderr)
	}
	output := &riskv1.KernelOutput{}
	if err := protojson.Unmarshal([]byte(stdout), output); err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate(output); err != nil {
		t.Error(err)
	}
	shard := output.GetShard()
	if shard.GetScenarioCount() != 10 || shard.GetMinMinor() != -500 || shard.GetMaxMinor() != 500 {
		t.Errorf("shard = %v", shard)
	}
	if len(output.GetDigest()) != 64 || len(shard.GetTailMinor()) != 10 || len(shard.GetWorst()) != 10 {
		t.Errorf("output = %v", output)
	}
}

func TestBadInputIsOneSentenceAndExitCode2(t *testing.T) {
	cases := []struct{ name, input, want string }{
		{"nothing", "", "no KernelInput"},
		{"broken", "{", "no KernelInput"},
		{"empty", "{}", "spec: "},
		{"unknown field", `{"spek": {}}`, "spek"},
		{"rule of the contract", input(func(_, scenarios map[string]any) { scenarios["count"] = "11" }),
			"2^32"},
		{"rule of the kernel",
			input(func(spec, _ map[string]any) { spec["growthFactors"] = []any{1, "NaN"} }),
			"growth_factors: day 1, asset 0 is NaN"},
		{"result too large",
			input(func(spec, _ map[string]any) { spec["growthFactors"] = []any{1e300, 1e300} }),
			"beyond 2^43"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := execute(t, c.input)
			if code != 2 || stdout != "" {
				t.Errorf("exit code %d, output %q", code, stdout)
			}
			if !strings.HasPrefix(stderr, "simulate: ") || !strings.Contains(stderr, c.want) ||
				strings.Count(stderr, "\n") != 1 {
				t.Errorf("standard error = %q; want one line with %q", stderr, c.want)
			}
		})
	}
}

func TestBenchAnswersALineForEachRange(t *testing.T) {
	output := &riskv1.KernelOutput{}
	stdout, _, _ := execute(t, input(func(_, _ map[string]any) {}))
	if err := protojson.Unmarshal([]byte(stdout), output); err != nil {
		t.Fatal(err)
	}
	whole := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(input(func(_, _ map[string]any) {})), &whole); err != nil {
		t.Fatal(err)
	}
	lines := fmt.Sprintf("%s\n%s\n{\"count\": \"100000\"}\n", whole["spec"], whole["range"])
	for _, path := range kernel.Paths() {
		stdout, stderr, code := execute(t, lines, "--bench", "--path", string(path))
		if code != 0 || stderr != "" {
			t.Fatalf("exit code %d, %q", code, stderr)
		}
		decoder := json.NewDecoder(strings.NewReader(stdout))
		decoder.DisallowUnknownFields()
		var begun ready
		var timings [2]timing
		if err := errors.Join(decoder.Decode(&begun), decoder.Decode(&timings[0]), decoder.Decode(&timings[1])); err != nil {
			t.Fatal(err)
		}
		if !begun.Ready || begun.Path != path || decoder.More() {
			t.Errorf("answers = %s", stdout)
		}
		if timings[0].Digest != output.GetDigest() {
			t.Errorf("digest = %s; want %s", timings[0].Digest, output.GetDigest())
		}
		if spent := timings[1].CPUSeconds; spent < 1e-5 || spent > 60 || timings[1].WallSeconds < 1e-5 {
			t.Errorf("timing = %+v", timings[1])
		}
	}
}

func TestBenchRefusesInOneSentence(t *testing.T) {
	cases := []struct {
		name, input, path, want string
	}{
		{"nothing", "", "generic", "no model"},
		{"no spec", "{\"count\": \"1\"}\n", "generic", "no SimulationSpec"},
		{"unknown path", "", "gpu", "\"gpu\" is none of"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := execute(t, c.input, "--bench", "--path", c.path)
			if code != 2 || stdout != "" || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, output %q, standard error %q; want %q", code, stdout, stderr, c.want)
			}
		})
	}
}
