package store_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/triglot/go/internal/store"
)

// fakeS3 has the one bucket "triglot", and of S3 what the store needs.
type fakeS3 struct {
	mutex    sync.Mutex
	objects  map[string][]byte // by path
	requests []string
	unseen   bool           // whether HEAD comes too early to see an object
	failing  map[string]int // how many requests of a method still fail
	written  time.Time      // what HEAD says of every object
}

func (f *fakeS3) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.requests = append(f.requests, request.Method+" "+request.URL.Path)
	content, present := f.objects[request.URL.Path]
	switch {
	case !strings.HasPrefix(request.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/") ||
		!strings.Contains(request.Header.Get("Authorization"), "/region-7/s3/"):
		refuse(answer, http.StatusForbidden, "AccessDenied")
	case f.failing[request.Method] > 0:
		f.failing[request.Method]--
		if request.Method == http.MethodPut {
			refuse(answer, http.StatusConflict, "ConditionalRequestConflict")
		} else {
			refuse(answer, http.StatusServiceUnavailable, "SlowDown")
		}
	case !strings.HasPrefix(request.URL.Path, "/triglot/"):
		refuse(answer, http.StatusNotFound, "NoSuchBucket")
	case request.Method == http.MethodPut && present && request.Header.Get("If-None-Match") == "*":
		refuse(answer, http.StatusPreconditionFailed, "PreconditionFailed")
	case request.Method == http.MethodPut:
		f.objects[request.URL.Path], _ = io.ReadAll(request.Body)
	case request.Method == http.MethodGet && present:
		_, _ = answer.Write(content)
	case request.Method == http.MethodHead && present && !f.unseen:
		answer.Header().Set("Last-Modified", f.written.UTC().Format(http.TimeFormat))
	default:
		refuse(answer, http.StatusNotFound, "NoSuchKey")
	}
}

func refuse(answer http.ResponseWriter, status int, code string) {
	answer.WriteHeader(status)
	_, _ = io.WriteString(answer, "<Error><Code>"+code+"</Code><Message>hidden</Message></Error>")
}

func setCredentials(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hidden")
	// The setting decides, whatever else the environment names.
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:2")
	t.Setenv("AWS_REGION", "elsewhere-1")
}

func openS3(t *testing.T, bucket string) (*store.Store, *fakeS3) {
	t.Helper()
	setCredentials(t)
	fake := &fakeS3{objects: map[string][]byte{}, written: time.Now()}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	// A name, since buckets of an address without one can only be told by path.
	endpoint := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	objects, err := store.Open("s3://" + bucket + "/a/b?region=region-7&endpoint=" + endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := objects.Close(); err != nil {
			t.Error(err)
		}
	})
	return objects, fake
}

const pathOfABC = "/triglot/a/b/sha256/ba/" + digestOfABC

func TestBucketHoldsObjectUnderItsDigest(t *testing.T) {
	objects, fake := openS3(t, "triglot")
	ref := put(t, objects, "abc")
	if len(fake.objects) != 1 || string(fake.objects[pathOfABC]) != "abc" {
		t.Errorf("objects = %q; want abc at %s", fake.objects, pathOfABC)
	}
	content, err := objects.Get(t.Context(), ref)
	if err != nil || string(content) != "abc" {
		t.Errorf("content = %q, %v", content, err)
	}
}

func TestBucketKeepsWhatItHas(t *testing.T) {
	cases := []struct {
		name     string
		unseen   bool
		requests string
	}{
		{"before", false, "HEAD " + pathOfABC},
		{"since a moment", true, "HEAD " + pathOfABC + ", PUT " + pathOfABC},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			objects, fake := openS3(t, "triglot")
			fake.objects[pathOfABC], fake.unseen = []byte("first"), c.unseen
			put(t, objects, "abc")
			if got := string(fake.objects[pathOfABC]); got != "first" {
				t.Errorf("object = %q; want the first one", got)
			}
			if got := strings.Join(fake.requests, ", "); got != c.requests {
				t.Errorf("requests = %s; want %s", got, c.requests)
			}
		})
	}
}

func TestOldObjectOfBucketIsRenewed(t *testing.T) {
	for _, c := range renewals {
		t.Run(c.age.String(), func(t *testing.T) {
			objects, fake := openS3(t, "triglot")
			fake.objects[pathOfABC], fake.written = []byte("first"), time.Now().Add(-c.age)
			put(t, objects, "abc")
			if got := string(fake.objects[pathOfABC]) == "abc"; got != c.renewed {
				t.Errorf("renewed = %v; want %v", got, c.renewed)
			}
		})
	}
}

func TestReadsOfBucketAreVerified(t *testing.T) {
	cases := []struct {
		name   string
		change func(fake *fakeS3)
		want   error
	}{
		{"missing", func(fake *fakeS3) { clear(fake.objects) }, store.ErrNotFound},
		{"altered", func(fake *fakeS3) { fake.objects[pathOfABC] = []byte("abd") }, store.ErrCorrupt},
		{"cut short", func(fake *fakeS3) { fake.objects[pathOfABC] = []byte("ab") }, store.ErrCorrupt},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			objects, fake := openS3(t, "triglot")
			ref := put(t, objects, "abc")
			c.change(fake)
			if _, err := objects.Get(t.Context(), ref); !errors.Is(err, c.want) {
				t.Errorf("error = %v; want %v", err, c.want)
			}
		})
	}
}

func TestBucketIsAskedAgainWhenBusy(t *testing.T) {
	objects, fake := openS3(t, "triglot")
	fake.failing = map[string]int{"HEAD": 1, "PUT": 2, "GET": 2}
	ref := put(t, objects, "abc")
	if _, err := objects.Get(t.Context(), ref); err != nil {
		t.Error(err)
	}
	if got := len(fake.requests); got != 2+3+3 {
		t.Errorf("requests = %v; want each again until it is answered", fake.requests)
	}
}

func TestUnusableBucketIsNamed(t *testing.T) {
	cases := []struct {
		name, bucket string
		failing      map[string]int
		want         string
	}{
		{"missing", "other", nil, " cannot be used: there is no such bucket"},
		{"busy", "triglot", map[string]int{"PUT": 100, "GET": 100}, " cannot be used: it answers "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			objects, fake := openS3(t, c.bucket)
			ref := put(t, openFolderFor(t), "abc")
			fake.failing = c.failing
			_, putError := objects.Put(t.Context(), []byte("abc"), "text/plain")
			_, getError := objects.Get(t.Context(), ref)
			name := "the object store s3://" + c.bucket + "/a/b at http://localhost:"
			for _, err := range []error{putError, getError} {
				if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNotFound) ||
					!strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), c.want) ||
					strings.Contains(err.Error(), "hidden") {
					t.Errorf("error = %v; want %v: %s", err, store.ErrUnavailable, c.want)
				}
			}
		})
	}
}

// openFolderFor is a store for the references that tests need.
func openFolderFor(t *testing.T) *store.Store {
	t.Helper()
	objects, _ := open(t)
	return objects
}

func TestAbsentStorageSoonSaysSo(t *testing.T) {
	setCredentials(t)
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	objects, err := store.Open("s3://triglot?endpoint=" + address)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = objects.Put(t.Context(), []byte("abc"), "text/plain")
	want := "the object store s3://triglot at " + address + " cannot be used: dial tcp "
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v; want %s", err, want)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestLargeObjectsComeBack(t *testing.T) {
	objects, fake := openS3(t, "triglot")
	content := bytes.Repeat([]byte("12345678"), 1_500_000)
	ref, err := objects.Put(t.Context(), content, "application/octet-stream")
	if err != nil {
		t.Fatal(err)
	}
	got, err := objects.Get(t.Context(), ref)
	if err != nil || !bytes.Equal(got, content) || len(fake.objects) != 1 {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(content))
	}
}

func TestBucketNeedsCredentials(t *testing.T) {
	for _, missing := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Run(missing, func(t *testing.T) {
			setCredentials(t)
			t.Setenv(missing, "")
			_, err := store.Open("s3://triglot")
			if err == nil || !strings.Contains(err.Error(), "needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") {
				t.Errorf("error = %v", err)
			}
		})
	}
}
