package store

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

type folder struct {
	bucket   *blob.Bucket
	location Location
}

func openFolder(location Location) (folder, error) {
	// No side files with metadata, and temporary files beside their targets: a rename is atomic only within one
	// file system.
	bucket, err := fileblob.OpenBucket(location.Folder,
		&fileblob.Options{CreateDir: true, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return folder{}, fmt.Errorf("cannot be opened: %w", err)
	}
	return folder{bucket, location}, nil
}

func (f folder) put(ctx context.Context, key string, content []byte, mediaType string) error {
	found, err := f.bucket.Attributes(ctx, key)
	switch {
	case err == nil && isYoung(found.ModTime):
		return nil
	case err == nil || gcerrors.Code(err) == gcerrors.NotFound:
		err = f.write(ctx, key, content, mediaType)
	}
	if err != nil {
		return f.unavailable(err)
	}
	return nil
}

// write is what WriteAll should be: when the disk is full, that one keeps what it has written so far under the
// object's name.
func (f folder) write(ctx context.Context, key string, content []byte, mediaType string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	writer, err := f.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: mediaType})
	if err != nil {
		return err
	}
	if _, err := writer.Write(content); err != nil {
		// A writer whose context has ended throws away what it has written, and only says that it has ended.
		cancel()
		_ = writer.Close()
		return err
	}
	return writer.Close()
}

func (f folder) get(ctx context.Context, key string) ([]byte, error) {
	content, err := f.bucket.ReadAll(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, f.unavailable(err)
	}
	return content, nil
}

func (f folder) close() error { return f.bucket.Close() }

// unavailable takes what the operating system says out of the library's words, which name a file.
func (f folder) unavailable(err error) error {
	var cause syscall.Errno
	if errors.As(err, &cause) {
		err = cause
	}
	return unavailable(f.location, err)
}
