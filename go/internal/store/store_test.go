package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/internal/store"
	riskv1 "example.com/triglot/go/risk/v1"
	storev1 "example.com/triglot/go/store/v1"
)

// The SHA-256 of "abc" is FIPS 180-4's example.
const digestOfABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func open(t *testing.T) (objects *store.Store, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "new", "store")
	objects, err := store.Open("file://" + folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := objects.Close(); err != nil {
			t.Error(err)
		}
	})
	return objects, folder
}

func put(t *testing.T, objects *store.Store, content string) *storev1.ObjectRef {
	t.Helper()
	ref, err := objects.Put(t.Context(), []byte(content), "text/plain")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			relative, _ := filepath.Rel(folder, path)
			found = append(found, filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestObjectLiesUnderItsDigestAlone(t *testing.T) {
	objects, folder := open(t)
	ref := put(t, objects, "abc")
	want := &storev1.ObjectRef{Sha256: digestOfABC, SizeBytes: 3, MediaType: "text/plain"}
	if !proto.Equal(ref, want) {
		t.Errorf("ref = %v; want %v", ref, want)
	}
	if got, want := files(t, folder), []string{"sha256/ba/" + digestOfABC}; !slices.Equal(got, want) {
		t.Errorf("files = %v; want %v", got, want)
	}
	content, err := objects.Get(t.Context(), ref)
	if err != nil || string(content) != "abc" {
		t.Errorf("content = %q, %v", content, err)
	}
}

func TestExistingObjectIsNotRewritten(t *testing.T) {
	objects, folder := open(t)
	ref := put(t, objects, "abc")
	path := filepath.Join(folder, "sha256", "ba", ref.Sha256)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, objects, "abc")
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Error("the object was written again")
	}
}

func TestConcurrentWritersLeaveOneObject(t *testing.T) {
	objects, folder := open(t)
	var writers sync.WaitGroup
	for range 16 {
		writers.Go(func() {
			if _, err := objects.Put(t.Context(), []byte("abc"), "text/plain"); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if got := files(t, folder); len(got) != 1 {
		t.Errorf("files = %v; want one", got)
	}
}

func TestCancelledWriteLeavesNothing(t *testing.T) {
	objects, folder := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := objects.Put(ctx, []byte("abc"), "text/plain"); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v; want %v", err, context.Canceled)
	}
	if got := files(t, folder); len(got) != 0 {
		t.Errorf("files = %v; want none", got)
	}
}

func TestReadsAreVerified(t *testing.T) {
	cases := []struct {
		name   string
		damage func(path string) error
		want   error
	}{
		{"missing", os.Remove, store.ErrNotFound},
		{"altered", func(path string) error { return os.WriteFile(path, []byte("abd"), 0o600) },
			store.ErrCorrupt},
		{"cut short", func(path string) error { return os.Truncate(path, 2) }, store.ErrCorrupt},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			objects, folder := open(t)
			ref := put(t, objects, "abc")
			if err := c.damage(filepath.Join(folder, "sha256", "ba", ref.Sha256)); err != nil {
				t.Fatal(err)
			}
			if _, err := objects.Get(t.Context(), ref); !errors.Is(err, c.want) {
				t.Errorf("error = %v; want %v", err, c.want)
			}
		})
	}
}

func TestFolderThatCannotBeUsedIsNamed(t *testing.T) {
	cases := []struct {
		name    string
		replace func(folder string) error
		want    string
	}{
		{"a file", func(folder string) error { return os.WriteFile(folder, nil, 0o600) }, "not a directory"},
		{"a circle", func(folder string) error { return os.Symlink(folder, folder) },
			"too many levels of symbolic links"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			objects, folder := open(t)
			ref := put(t, objects, "abc")
			if err := errors.Join(os.RemoveAll(folder), c.replace(folder)); err != nil {
				t.Fatal(err)
			}
			_, putError := objects.Put(t.Context(), []byte("abc"), "text/plain")
			_, getError := objects.Get(t.Context(), ref)
			want := " object " + digestOfABC + ": the object store file://" + folder + " cannot be used: " + c.want
			for verb, err := range map[string]error{"write": putError, "read": getError} {
				if !errors.Is(err, store.ErrUnavailable) || err.Error() != verb+want {
					t.Errorf("error = %v; want %s%s", err, verb, want)
				}
			}
		})
	}
}

func TestInterruptedWriteLeavesNothing(t *testing.T) {
	objects, folder := open(t)
	content := bytes.Repeat([]byte("abcd"), 25_000)
	limitFileSize(t, 40_000, func() {
		_, err := objects.Put(t.Context(), content, "text/plain")
		if !errors.Is(err, store.ErrUnavailable) || !strings.HasSuffix(err.Error(), ": file too large") {
			t.Errorf("error = %v; want %v: file too large", err, store.ErrUnavailable)
		}
	})
	if got := files(t, folder); len(got) != 0 {
		t.Errorf("files = %v; want none", got)
	}
	ref := put(t, objects, string(content))
	if got, err := objects.Get(t.Context(), ref); err != nil || !bytes.Equal(got, content) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

// limitFileSize calls write while no file of this process may grow larger than size, in bytes: writing fails
// half-way, as it does on a disk that fills up.
func limitFileSize(t *testing.T, size uint64, write func()) {
	t.Helper()
	// Or else the kernel ends the process.
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
	}()
	write()
}

func TestFolderThatHasGoneIsMadeAgain(t *testing.T) {
	objects, folder := open(t)
	ref := put(t, objects, "abc")
	if err := os.RemoveAll(filepath.Dir(folder)); err != nil {
		t.Fatal(err)
	}
	if _, err := objects.Get(t.Context(), ref); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("error = %v; want %v", err, store.ErrNotFound)
	}
	put(t, objects, "abc")
	if content, err := objects.Get(t.Context(), ref); err != nil || string(content) != "abc" {
		t.Errorf("content = %q, %v", content, err)
	}
}

func TestFolderThatCannotBeMadeAgainIsNamed(t *testing.T) {
	objects, folder := open(t)
	if err := errors.Join(os.Remove(folder), os.Symlink(folder+"-nowhere", folder)); err != nil {
		t.Fatal(err)
	}
	_, err := objects.Put(t.Context(), []byte("abc"), "text/plain")
	if !errors.Is(err, store.ErrUnavailable) || !strings.HasSuffix(err.Error(), " cannot be used: file exists") {
		t.Errorf("error = %v; want %v: file exists", err, store.ErrUnavailable)
	}
}

func TestMessagesComeBack(t *testing.T) {
	objects, _ := open(t)
	want := &riskv1.ScenarioRange{First: 5, Count: 7}
	ref, err := objects.PutMessage(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if want := `application/protobuf; messageType="triglot.risk.v1.ScenarioRange"`; ref.MediaType != want {
		t.Errorf("media type = %s; want %s", ref.MediaType, want)
	}
	got := &riskv1.ScenarioRange{}
	if err := objects.GetMessage(t.Context(), ref, got); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
}

func TestOnlyTheWantedMessageIsRead(t *testing.T) {
	objects, _ := open(t)
	text := put(t, objects, "\x08")
	broken := proto.CloneOf(text)
	broken.MediaType = `application/protobuf; messageType="triglot.risk.v1.ScenarioRange"`
	other, err := objects.PutMessage(t.Context(), &riskv1.Histogram{WidthMinor: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, ref := range map[string]*storev1.ObjectRef{"text": text, "broken": broken, "other": other} {
		err := objects.GetMessage(t.Context(), ref, &riskv1.ScenarioRange{})
		if !errors.Is(err, store.ErrWrongType) {
			t.Errorf("%s: error = %v; want %v", name, err, store.ErrWrongType)
		}
	}
}

func TestCacheKeepsTheLastUsed(t *testing.T) {
	cache := store.NewCache[string](2)
	loads := map[string]int{}
	get := func(digest string) {
		t.Helper()
		value, err := cache.Get(digest, func() (string, error) {
			loads[digest]++
			return "value of " + digest, nil
		})
		if err != nil || value != "value of "+digest {
			t.Errorf("Get(%s) = %q, %v", digest, value, err)
		}
	}
	for _, digest := range []string{"a", "b", "a", "c", "a", "b"} {
		get(digest)
	}
	// c displaced b, since a was used later.
	if got, want := fmt.Sprint(loads), "map[a:1 b:2 c:1]"; got != want {
		t.Errorf("loads = %s; want %s", got, want)
	}
}

func TestCacheForgetsFailures(t *testing.T) {
	cache := store.NewCache[int](2)
	failure := errors.New("no such object")
	if _, err := cache.Get("a", func() (int, error) { return 0, failure }); !errors.Is(err, failure) {
		t.Errorf("error = %v; want %v", err, failure)
	}
	if value, err := cache.Get("a", func() (int, error) { return 7, nil }); err != nil || value != 7 {
		t.Errorf("got %d, %v", value, err)
	}
}

var renewals = []struct {
	age     time.Duration
	renewed bool
}{{50 * time.Minute, false}, {70 * time.Minute, true}}

func TestOldObjectIsRenewed(t *testing.T) {
	for _, c := range renewals {
		t.Run(c.age.String(), func(t *testing.T) {
			objects, folder := open(t)
			put(t, objects, "abc")
			path := filepath.Join(folder, "sha256", "ba", digestOfABC)
			written := time.Now().Add(-c.age)
			if err := os.Chtimes(path, written, written); err != nil {
				t.Fatal(err)
			}
			put(t, objects, "abc")
			found, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := time.Since(found.ModTime()) < time.Minute; got != c.renewed {
				t.Errorf("renewed = %v; want %v", got, c.renewed)
			}
		})
	}
}
