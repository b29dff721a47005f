package store

import (
	"context"
	"fmt"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

type folder struct {
	bucket *blob.Bucket
}

func openFolder(path string) (folder, error) {
	// No side files with metadata, and temporary files beside their targets: a rename is atomic only within one
	// file system.
	bucket, err := fileblob.OpenBucket(path,
		&fileblob.Options{CreateDir: true, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return folder{}, fmt.Errorf("cannot be opened: %w", err)
	}
	return folder{bucket}, nil
}

func (f folder) put(ctx context.Context, key string, content []byte, mediaType string) error {
	present, err := f.bucket.Exists(ctx, key)
	if err != nil || present {
		return err
	}
	return f.bucket.WriteAll(ctx, key, content, &blob.WriterOptions{ContentType: mediaType})
}

func (f folder) get(ctx context.Context, key string) ([]byte, error) {
	content, err := f.bucket.ReadAll(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	return content, err
}

func (f folder) close() error { return f.bucket.Close() }
