package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	riskv1 "example.com/triglot/go/risk/v1"
)

const spec = `{"dayCount": 2, "assetCount": 1, "growthFactors": [1.5, 0.5], "exposuresMinor": ["1000"], ` +
	`"horizonDays": 1, "blockDays": 1, "seed": "7"}`

func line(first, count, size int64, folder string) string {
	return fmt.Sprintf(`{"first": %d, "count": %d, "shardSize": %d, "folder": %q}`, first, count, size, folder)
}

func TestEveryScenarioIsInOneShard(t *testing.T) {
	folders := []string{t.TempDir(), t.TempDir()}
	input := strings.Join([]string{spec, line(5, 250, 100, folders[0]), line(0, 10, 10, folders[1])}, "\n")
	var output strings.Builder
	if err := run(t.Context(), strings.NewReader(input), &output, 2); err != nil {
		t.Fatal(err)
	}
	if output.String() != "{}\n{}\n" {
		t.Errorf("output = %q", output.String())
	}
	want := []map[string]int64{{"5.pb": 100, "105.pb": 100, "205.pb": 50}, {"0.pb": 10}}
	for i, folder := range folders {
		for name, count := range want[i] {
			content, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			shard := &riskv1.Shard{}
			if err := proto.Unmarshal(content, shard); err != nil {
				t.Fatal(err)
			}
			if shard.GetScenarioCount() != count {
				t.Errorf("%s counts %d scenarios, not %d", name, shard.GetScenarioCount(), count)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(folder, "*")); len(files) != len(want[i]) {
			t.Errorf("files = %v", files)
		}
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{"nothing", "", "no SimulationSpec"},
		{"no model", "{}", "day_count"},
		{"no job", spec + "\njob", "no job"},
		{"no size", spec + "\n" + line(0, 10, 0, t.TempDir()), "shardSize"},
		{"nowhere", spec + "\n" + line(0, 10, 10, filepath.Join(t.TempDir(), "missing")), "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), strings.NewReader(c.input), &strings.Builder{}, 2)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v; want %q in it", err, c.want)
			}
		})
	}
}
