// Package store is the content-addressed object store: what is too large for a workflow's history lies here
// under its SHA-256, and messages carry references to it.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	storev1 "example.com/triglot/go/store/v1"
)

var (
	// ErrNotFound is returned where the store holds no object of the reference's digest.
	ErrNotFound = errors.New("the object is not in the store")
	// ErrCorrupt is returned where an object's content has another size or digest than its reference.
	ErrCorrupt = errors.New("the object's content is not what its reference says")
	// ErrUnavailable is returned where the folder cannot be read or written, where the bucket is missing, or
	// where its storage does not answer or refuses. The store's name goes before it, the cause behind.
	ErrUnavailable = errors.New("cannot be used")
	// ErrWrongType is returned where a reference is not to a message of the wanted type.
	ErrWrongType = errors.New("the object is not the wanted message")
)

// renewedAfter is from what age on an object that is stored again is written again. "triglot store gc" tells by
// age what a running report may have just stored, and keeps whatever is younger than two hours: half of them is
// left for the message that refers to the object. The same in all languages.
const renewedAfter = time.Hour

// Store is safe for concurrent use.
type Store struct {
	objects objects
}

// objects is where a store keeps them.
type objects interface {
	// put writes an object at once as a whole, unless there is a young one.
	put(ctx context.Context, key string, content []byte, mediaType string) error
	// get reads an object; the error is ErrNotFound where there is none.
	get(ctx context.Context, key string) ([]byte, error)
	close() error
}

// Open opens the store at an address: file:///absolute/folder, which is created where needed, or
// s3://BUCKET[/PREFIX][?endpoint=http://host:port&region=us-east-1], which is asked for at its first use, with the
// credentials of the environment. An error goes on after the setting's name.
func Open(address string) (*Store, error) {
	location, err := ParseLocation(address)
	if err != nil {
		return nil, err
	}
	var opened objects
	if location.Folder != "" {
		opened, err = openFolder(location)
	} else {
		opened, err = openBucket(location)
	}
	if err != nil {
		return nil, err
	}
	return &Store{opened}, nil
}

// Close releases the store's connections.
func (s *Store) Close() error { return s.objects.close() }

// Put stores content and returns its reference. Content that has been there for less than an hour is not written
// again, and a folder that has gone is made again. The error is ErrUnavailable.
func (s *Store) Put(ctx context.Context, content []byte, mediaType string) (*storev1.ObjectRef, error) {
	ref := &storev1.ObjectRef{
		Sha256:    digest(content),
		SizeBytes: int64(len(content)),
		MediaType: mediaType,
	}
	if err := s.objects.put(ctx, key(ref), content, mediaType); err != nil {
		return nil, fmt.Errorf("write object %s: %w", ref.Sha256, err)
	}
	return ref, nil
}

// Get returns a reference's content. The error is ErrNotFound, ErrCorrupt or ErrUnavailable.
func (s *Store) Get(ctx context.Context, ref *storev1.ObjectRef) ([]byte, error) {
	content, err := s.objects.get(ctx, key(ref))
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

// unavailable says in one line which store cannot be used and why.
func unavailable(location Location, cause error) error {
	return fmt.Errorf("the object store %s %w: %w", location, ErrUnavailable, cause)
}

func isYoung(written time.Time) bool { return time.Since(written) < renewedAfter }

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// key spreads objects over 256 folders, so that none grows too long to list.
func key(ref *storev1.ObjectRef) string {
	name := ref.GetSha256()
	return "sha256/" + name[:min(2, len(name))] + "/" + name
}
