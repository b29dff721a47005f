package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

var errNoBucket = errors.New("there is no such bucket")

// bucket uses the SDK's client itself: gocloud.dev's s3blob brings all of AWS's ways to credentials, and with
// them three megabytes that no worker needs.
type bucket struct {
	client   *s3.Client
	http     *awshttp.BuildableClient
	location Location
}

// openBucket opens a bucket, without asking whether it is there.
func openBucket(location Location) (bucket, error) {
	credentials, err := environmentCredentials()
	if err != nil {
		return bucket{}, err
	}
	httpClient := newHTTPClient(longestSilence)
	options := s3.Options{
		Region:      location.Region,
		Credentials: credentials,
		HTTPClient:  httpClient,
		Retryer:     newRetryer(),
		// Not every storage knows the newer checksums; objects are verified by their digests anyway.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if location.Endpoint != "" {
		options.BaseEndpoint = &location.Endpoint
		options.UsePathStyle = true
	}
	return bucket{s3.New(options), httpClient, location}, nil
}

func environmentCredentials() (aws.CredentialsProvider, error) {
	credentials := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
	}
	if !credentials.HasKeys() {
		return nil, errors.New("names a bucket, which needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return credentials, nil
	}), nil
}

func newHTTPClient(silence time.Duration) *awshttp.BuildableClient {
	const connectTimeout = 5 * time.Second
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(dialer *net.Dialer) { dialer.Timeout = connectTimeout }).
		WithTransportOptions(func(transport *http.Transport) {
			transport.TLSHandshakeTimeout = connectTimeout
			endSilence(transport, silence)
		})
}

// newRetryer makes few and quick tries: whoever waits for longer is Temporal, which starts another attempt.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(options *retry.StandardOptions) {
		options.MaxAttempts = 3
		options.MaxBackoff = 250 * time.Millisecond
		// S3's answer to one of two writers at the same moment; soon the other one has written.
		options.Retryables = append(options.Retryables, retry.RetryableErrorCode{
			Codes: map[string]struct{}{"ConditionalRequestConflict": {}},
		})
	})
}

func (b bucket) put(ctx context.Context, key string, content []byte, mediaType string) error {
	path := b.path(key)
	// Asked first, since a storage may hang up on an upload that it does not want.
	found, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.location.Bucket, Key: path})
	condition := aws.String("*")
	switch {
	case err == nil && isYoung(aws.ToTime(found.LastModified)):
		return nil
	case err == nil:
		condition = nil
	case code(err) != "NotFound":
		return b.unavailable(err)
	}
	_, err = b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:      &b.location.Bucket,
		Key:         path,
		Body:        bytes.NewReader(content),
		ContentType: &mediaType,
		IfNoneMatch: condition,
	})
	if err == nil || code(err) == "PreconditionFailed" {
		return nil
	}
	return b.unavailable(err)
}

func (b bucket) get(ctx context.Context, key string) ([]byte, error) {
	answer, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.location.Bucket, Key: b.path(key)})
	if code(err) == "NoSuchKey" {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, b.unavailable(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, b.unavailable(err)
	}
	return content, nil
}

func (b bucket) close() error {
	b.http.GetTransport().CloseIdleConnections()
	return nil
}

func (b bucket) path(key string) *string {
	if b.location.Prefix != "" {
		key = b.location.Prefix + "/" + key
	}
	return &key
}

// unavailable tells in few words why a bucket cannot be used: an answer's full text has much besides.
func (b bucket) unavailable(err error) error {
	var failure *url.Error
	switch answer := code(err); {
	case answer == "NoSuchBucket":
		err = errNoBucket
	case answer != "":
		err = fmt.Errorf("it answers %s", answer)
	case errors.As(err, &failure):
		err = failure.Err
	}
	return unavailable(b.location, err)
}

// code is what the storage answered, or empty where it did not.
func code(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}
