package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	storev1 "example.com/triglot/go/store/v1"
)

// driverName is the name and the type of the driver, which stand in histories: the same in all languages.
const driverName = "triglot.store"

// What a claim says: the object's digest, and its size in decimal digits.
const (
	claimSHA256 = "sha256"
	claimSize   = "size_bytes"
)

var sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ExternalStorage lets the SDK keep payloads from its threshold of 256 KiB on in the store, each as its serialized
// temporal.api.common.v1.Payload. Unless storing, none is put there, but claims to others' are understood.
func (s *Store) ExternalStorage(storing bool) converter.ExternalStorage {
	storage := converter.ExternalStorage{Drivers: []converter.StorageDriver{&payloadDriver{s}}}
	if !storing {
		storage.DriverSelector = noDriver{}
	}
	return storage
}

type noDriver struct{}

func (noDriver) SelectDriver(
	converter.StorageDriverSelectContext, *commonpb.Payload,
) (converter.StorageDriver, error) {
	return nil, nil
}

// payloadDriver's errors have their types in the contract.
type payloadDriver struct {
	store *Store
}

func (d *payloadDriver) Name() string { return driverName }

func (d *payloadDriver) Type() string { return driverName }

func (d *payloadDriver) Store(
	ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload,
) ([]converter.StorageDriverClaim, error) {
	claims := make([]converter.StorageDriverClaim, len(payloads))
	for i, payload := range payloads {
		err := ctx.GetLimiter().Permit(ctx.Context, payload, func() error {
			reference, err := d.store.PutMessage(ctx.Context, payload)
			claims[i] = claimTo(reference)
			return err
		})
		if err != nil {
			return nil, ContractError(err)
		}
	}
	return claims, nil
}

func (d *payloadDriver) Retrieve(
	ctx converter.StorageDriverRetrieveContext, claims []converter.StorageDriverClaim,
) ([]*commonpb.Payload, error) {
	payloads := make([]*commonpb.Payload, len(claims))
	for i, claim := range claims {
		err := ctx.GetLimiter().Permit(ctx.Context, claim, func() (err error) {
			payloads[i], err = d.retrieve(ctx.Context, claim)
			return err
		})
		if err != nil {
			return nil, ContractError(err)
		}
	}
	return payloads, nil
}

func (d *payloadDriver) retrieve(
	ctx context.Context, claim converter.StorageDriverClaim,
) (*commonpb.Payload, error) {
	payload := &commonpb.Payload{}
	reference, err := referenceOf(claim)
	if err != nil {
		return nil, err
	}
	err = d.store.GetMessage(ctx, reference, payload)
	// What the claim says has been checked: it is the object that is no payload.
	if errors.Is(err, ErrWrongType) {
		err = fmt.Errorf("object %s is no payload: %w", reference.GetSha256(), ErrCorrupt)
	}
	return payload, err
}

func claimTo(reference *storev1.ObjectRef) converter.StorageDriverClaim {
	return converter.StorageDriverClaim{ClaimData: map[string]string{
		claimSHA256: reference.GetSha256(),
		claimSize:   strconv.FormatInt(reference.GetSizeBytes(), 10),
	}}
}

// referenceOf checks what a claim says: it comes from a history, whoever wrote that, and its digest becomes part of
// a path.
func referenceOf(claim converter.StorageDriverClaim) (*storev1.ObjectRef, error) {
	digest := claim.ClaimData[claimSHA256]
	size, err := strconv.ParseUint(claim.ClaimData[claimSize], 10, 63)
	if err != nil || !sha256Pattern.MatchString(digest) {
		return nil, fmt.Errorf("a claim of external storage names no object by %s and %s: %w",
			claimSHA256, claimSize, ErrNotFound)
	}
	return &storev1.ObjectRef{
		Sha256:    digest,
		SizeBytes: int64(size),
		MediaType: mediaType((*commonpb.Payload)(nil)),
	}, nil
}
