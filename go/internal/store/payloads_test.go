package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

var payload = &commonpb.Payload{
	Metadata: map[string][]byte{"encoding": []byte("binary/plain"), "a": {}, "z": {}},
	Data:     []byte("abc"),
}

func keep(t *testing.T, driver converter.StorageDriver, payload *commonpb.Payload) converter.StorageDriverClaim {
	t.Helper()
	claims, err := driver.Store(
		converter.StorageDriverStoreContext{Context: t.Context()}, []*commonpb.Payload{payload})
	if err != nil || len(claims) != 1 {
		t.Fatalf("%d claims, %v", len(claims), err)
	}
	return claims[0]
}

func fetch(
	t *testing.T, driver converter.StorageDriver, claim map[string]string,
) ([]*commonpb.Payload, error) {
	t.Helper()
	return driver.Retrieve(converter.StorageDriverRetrieveContext{Context: t.Context()},
		[]converter.StorageDriverClaim{{ClaimData: claim}})
}

func TestPayloadLiesUnderTheDigestThatItsClaimNames(t *testing.T) {
	objects, folder := open(t)
	driver := objects.ExternalStorage(true).Drivers[0]
	claim := keep(t, driver, payload).ClaimData
	digest := claim["sha256"]
	content, err := os.ReadFile(filepath.Join(folder, "sha256", digest[:2], digest))
	if err != nil {
		t.Fatal(err)
	}
	if len(claim) != 2 || claim["size_bytes"] != strconv.Itoa(len(content)) {
		t.Errorf("claim = %v", claim)
	}
	for range 20 {
		if again := keep(t, driver, proto.CloneOf(payload)).ClaimData["sha256"]; again != digest {
			t.Fatalf("an equal payload has the digest %s; want %s", again, digest)
		}
	}
	got, err := fetch(t, driver, claim)
	if err != nil || len(got) != 1 || !proto.Equal(got[0], payload) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSwitchedOffNothingIsKept(t *testing.T) {
	objects, _ := open(t)
	storage := objects.ExternalStorage(false)
	driver, err := storage.DriverSelector.SelectDriver(converter.StorageDriverSelectContext{}, payload)
	if driver != nil || err != nil {
		t.Errorf("driver = %v, %v; want none", driver, err)
	}
	if len(storage.Drivers) != 1 {
		t.Errorf("%d drivers for the claims of others; want 1", len(storage.Drivers))
	}
}

func requireType(t *testing.T, err error, want string) {
	t.Helper()
	var application *temporal.ApplicationError
	if !errors.As(err, &application) || application.Type() != want || application.NonRetryable() {
		t.Errorf("error = %v; want a retryable %s", err, want)
	}
}

func TestClaimThatNamesNoObjectFindsNone(t *testing.T) {
	objects, _ := open(t)
	driver := objects.ExternalStorage(true).Drivers[0]
	zeros := strings.Repeat("0", 64)
	for _, claim := range []map[string]string{
		nil,
		{"sha256": zeros},
		{"size_bytes": "1"},
		{"sha256": "../../etc/passwd", "size_bytes": "1"},
		{"sha256": strings.Repeat("A", 64), "size_bytes": "1"},
		{"sha256": zeros + "\n", "size_bytes": "1"},
		{"sha256": zeros, "size_bytes": "-1"},
		{"sha256": zeros, "size_bytes": "1e3"},
	} {
		_, err := fetch(t, driver, claim)
		requireType(t, err, "ObjectNotFound")
		if want := "names no object by sha256 and size_bytes"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error = %v; want %q", claim, err, want)
		}
	}
}

func TestPayloadThatCannotBeReadOrWrittenIsTyped(t *testing.T) {
	cases := []struct {
		name   string
		damage func(folder, path string) error
		want   string
	}{
		{"missing", func(_, path string) error { return os.Remove(path) }, "ObjectNotFound"},
		{"cut short", func(_, path string) error { return os.Truncate(path, 2) }, "ObjectCorrupt"},
		{"no folder", func(folder, _ string) error {
			return errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600))
		}, "StoreUnavailable"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			objects, folder := open(t)
			driver := objects.ExternalStorage(true).Drivers[0]
			claim := keep(t, driver, payload).ClaimData
			path := filepath.Join(folder, "sha256", claim["sha256"][:2], claim["sha256"])
			if err := c.damage(folder, path); err != nil {
				t.Fatal(err)
			}
			_, err := fetch(t, driver, claim)
			requireType(t, err, c.want)
			if c.want == "StoreUnavailable" {
				_, err = driver.Store(converter.StorageDriverStoreContext{Context: t.Context()},
					[]*commonpb.Payload{payload})
				requireType(t, err, c.want)
			}
		})
	}
}

func TestObjectThatIsNoPayloadIsCorrupt(t *testing.T) {
	objects, _ := open(t)
	ref := put(t, objects, "\x0a\x7f")
	_, err := fetch(t, objects.ExternalStorage(true).Drivers[0],
		map[string]string{"sha256": ref.Sha256, "size_bytes": "2"})
	requireType(t, err, "ObjectCorrupt")
	if want := "object " + ref.Sha256 + " is no payload"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error = %v; want %s", err, want)
	}
}

// refusing is a limiter that lets nobody through.
type refusing[T any] struct{ reason error }

func (r refusing[T]) Permit(context.Context, T, func() error) error { return r.reason }

func TestEachOperationTakesAPermit(t *testing.T) {
	objects, _ := open(t)
	driver := objects.ExternalStorage(true).Drivers[0]
	refusal := errors.New("no permit")
	_, err := driver.Store(converter.StorageDriverStoreContext{
		Context: t.Context(), Limiter: refusing[*commonpb.Payload]{refusal},
	}, []*commonpb.Payload{payload})
	if !errors.Is(err, refusal) {
		t.Errorf("stored: error = %v", err)
	}
	_, err = driver.Retrieve(converter.StorageDriverRetrieveContext{
		Context: t.Context(), Limiter: refusing[converter.StorageDriverClaim]{refusal},
	}, []converter.StorageDriverClaim{{}})
	if !errors.Is(err, refusal) {
		t.Errorf("retrieved: error = %v", err)
	}
}
