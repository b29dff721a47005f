// Command claims lets Go's SDK put payloads into our store (encode) or fetch them (decode): proto JSON of a
// temporal.api.common.v1.Payloads on standard input and output. An error comes out as a failure does on the wire.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/store"
)

// witness keeps the driver's error, of which the SDK's handler passes on the words alone.
type witness struct {
	converter.StorageDriver
	err error
}

func (w *witness) Retrieve(
	ctx converter.StorageDriverRetrieveContext, claims []converter.StorageDriverClaim,
) ([]*commonpb.Payload, error) {
	payloads, err := w.StorageDriver.Retrieve(ctx, claims)
	w.err = err
	return payloads, err
}

func main() {
	objects, err := store.Open(os.Getenv("TRIGLOT_STORE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	storage := objects.ExternalStorage(true)
	driver := &witness{StorageDriver: storage.Drivers[0]}
	storage.Drivers[0] = driver
	handler, err := converter.NewPayloadHTTPHandler(converter.PayloadHTTPHandlerOptions{ExternalStorage: storage})
	if err != nil {
		log.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/"+os.Args[1], os.Stdin))
	if answer.Code == http.StatusOK {
		fmt.Println(answer.Body)
		return
	}
	cause := fmt.Errorf("%s", answer.Body)
	if driver.err != nil {
		cause = fmt.Errorf("wrapped by the SDK: %w", driver.err)
	}
	payloads, err := contract.NewDataConverter(contract.EncodingJSON)
	if err != nil {
		log.Fatal(err)
	}
	failure := contract.NewFailureConverter(payloads).ErrorToFailure(cause)
	info := failure.GetApplicationFailureInfo()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"error": map[string]any{
		"type": info.GetType(), "message": failure.GetMessage(), "nonRetryable": info.GetNonRetryable(),
	}}); err != nil {
		log.Fatal(err)
	}
}
