// Package store is the content-addressed object store: what is too large for a workflow's history lies here
// under its SHA-256, and messages carry references to it.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // serves file:// addresses
	"gocloud.dev/gcerrors"

	storev1 "example.com/triglot/go/store/v1"
)

var (
	// ErrNotFound is returned where the store holds no object of the reference's digest.
	ErrNotFound = errors.New("the object is not in the store")
	// ErrCorrupt is returned where an object's content has another size or digest than its reference.
	ErrCorrupt = errors.New("the object's content is not what its reference says")
	// ErrWrongType is returned where a reference is not to a message of the wanted type.
	ErrWrongType = errors.New("the object is not the wanted message")
)

// Store is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
}

// Open opens the store at an address, for a folder file:///absolute/path; the folder is created where needed.
func Open(ctx context.Context, address string) (*Store, error) {
	location, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if location.Scheme == "file" {
		if location.Host != "" || location.Path == "" {
			return nil, fmt.Errorf("open the store: %q is not of the form file:///absolute/path", address)
		}
		// No side files with metadata, and temporary files beside their targets: a rename is atomic only
		// within one file system.
		location.RawQuery = url.Values{
			"create_dir": {"true"}, "metadata": {"skip"}, "no_tmp_dir": {"true"},
		}.Encode()
	}
	bucket, err := blob.OpenBucket(ctx, location.String())
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return &Store{bucket: bucket}, nil
}

// Close releases the store's connections.
func (s *Store) Close() error { return s.bucket.Close() }

// Put stores content and returns its reference. Content that is there already is not written again.
func (s *Store) Put(ctx context.Context, content []byte, mediaType string) (*storev1.ObjectRef, error) {
	ref := &storev1.ObjectRef{
		Sha256:    digest(content),
		SizeBytes: int64(len(content)),
		MediaType: mediaType,
	}
	present, err := s.bucket.Exists(ctx, key(ref))
	if err != nil {
		return nil, fmt.Errorf("look up object %s: %w", ref.Sha256, err)
	}
	if present {
		return ref, nil
	}
	options := &blob.WriterOptions{ContentType: mediaType}
	if err := s.bucket.WriteAll(ctx, key(ref), content, options); err != nil {
		return nil, fmt.Errorf("write object %s: %w", ref.Sha256, err)
	}
	return ref, nil
}

// Get returns a reference's content. The error is ErrNotFound or ErrCorrupt, or one of the storage itself.
func (s *Store) Get(ctx context.Context, ref *storev1.ObjectRef) ([]byte, error) {
	content, err := s.bucket.ReadAll(ctx, key(ref))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("read object %s: %w", ref.GetSha256(), ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", ref.GetSha256(), err)
	}
	if int64(len(content)) != ref.GetSizeBytes() {
		return nil, fmt.Errorf("read object %s: %d bytes instead of %d: %w",
			ref.GetSha256(), len(content), ref.GetSizeBytes(), ErrCorrupt)
	}
	if found := digest(content); found != ref.GetSha256() {
		return nil, fmt.Errorf("read object %s: its digest is %s: %w", ref.GetSha256(), found, ErrCorrupt)
	}
	return content, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// key spreads objects over 256 folders, so that none grows too long to list.
func key(ref *storev1.ObjectRef) string {
	name := ref.GetSha256()
	return "sha256/" + name[:min(2, len(name))] + "/" + name
}
