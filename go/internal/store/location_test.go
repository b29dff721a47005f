package store_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"example.com/triglot/go/internal/store"
)

type locationTable struct {
	Good []struct{ URL, Folder, Bucket, Prefix, Endpoint, Region string }
	// Sentences are the refusals, by the names that the bad URLs have for them.
	Sentences map[string]string
	Bad       []struct{ URL, Sentence string }
}

func readLocationTable(t *testing.T) locationTable {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "tests", "conformance", "store-urls.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table locationTable
	if err := json.Unmarshal(content, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Good) == 0 || len(table.Bad) == 0 {
		t.Fatal("the table is empty")
	}
	return table
}

func TestLocationsAreThoseOfTheTable(t *testing.T) {
	for _, c := range readLocationTable(t).Good {
		got, err := store.ParseLocation(c.URL)
		want := store.Location{
			Folder: c.Folder, Bucket: c.Bucket, Prefix: c.Prefix, Endpoint: c.Endpoint, Region: c.Region,
		}
		if err != nil || got != want {
			t.Errorf("%s: location = %+v, %v; want %+v", c.URL, got, err, want)
		}
	}
}

func TestWhatIsNoLocationIsRefusedInOneSentence(t *testing.T) {
	table := readLocationTable(t)
	for _, c := range table.Bad {
		// Open, not ParseLocation: it is to refuse without asking anybody.
		_, err := store.Open(c.URL)
		if err == nil || err.Error() != table.Sentences[c.Sentence] {
			t.Errorf("%q: error = %v; want %q", c.URL, err, table.Sentences[c.Sentence])
		}
	}
}
