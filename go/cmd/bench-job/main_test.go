package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	riskv1 "example.com/triglot/go/risk/v1"
)

const job = `{"spec": {"dayCount": 2, "assetCount": 1, "growthFactors": [1.5, 0.5], "exposuresMinor": ["1000"],
	"horizonDays": 1, "blockDays": 1, "seed": "7"}, "range": {"first": "5", "count": "250"}}`

func TestEveryScenarioIsInOneShard(t *testing.T) {
	folder := t.TempDir()
	if err := run(t.Context(), strings.NewReader(job), folder, 100, 2); err != nil {
		t.Fatal(err)
	}
	for name, count := range map[string]int64{"5.pb": 100, "105.pb": 100, "205.pb": 50} {
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
	if files, _ := filepath.Glob(filepath.Join(folder, "*")); len(files) != 3 {
		t.Errorf("files = %v", files)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, c := range []struct {
		name, input, folder string
		size                int64
		want                string
	}{
		{"no folder", job, "", 100, "--output"},
		{"no size", job, t.TempDir(), 0, "--shard-size"},
		{"no input", "", t.TempDir(), 100, "no KernelInput"},
		{"no model", `{"range": {"count": "1"}}`, t.TempDir(), 100, "spec"},
		{"nowhere", job, filepath.Join(t.TempDir(), "missing"), 100, "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), strings.NewReader(c.input), c.folder, c.size, 2)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v; want %q in it", err, c.want)
			}
		})
	}
}
