package contract_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/contract"
	riskv1 "example.com/triglot/go/risk/v1"
)

func newConverter(t *testing.T, encoding string) converter.DataConverter {
	t.Helper()
	payloads, err := contract.NewDataConverter(encoding)
	if err != nil {
		t.Fatal(err)
	}
	return payloads
}

func payload(encoding, messageType, data string) *commonpb.Payload {
	metadata := map[string][]byte{converter.MetadataEncoding: []byte(encoding)}
	if messageType != "" {
		metadata[converter.MetadataMessageType] = []byte(messageType)
	}
	return &commonpb.Payload{Metadata: metadata, Data: []byte(data)}
}

func requireInvalidArgument(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		t.Fatalf("error = %v; want an application error", err)
	}
	if application.Type() != contract.InvalidArgument || !application.NonRetryable() {
		t.Fatalf("error = %v; want a non-retryable %s", application, contract.InvalidArgument)
	}
	if got := violations(t, application); len(got) == 0 {
		t.Errorf("error = %v has no violations", application)
	} else if len(got) == 1 && !strings.HasSuffix(application.Message(), got[0].GetMessage()) {
		t.Errorf("violation = %v; want %q", got[0], application.Message())
	}
	return application
}

func TestEncodingIsTheChosenOne(t *testing.T) {
	for setting, want := range map[string]string{"json": "json/protobuf", "binary": "binary/protobuf"} {
		sent, err := newConverter(t, setting).ToPayload(&riskv1.ScenarioRange{Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(sent.Metadata["encoding"]); got != want {
			t.Errorf("%s: encoding = %s; want %s", setting, got, want)
		}
		if got := string(sent.Metadata["messageType"]); got != "triglot.risk.v1.ScenarioRange" {
			t.Errorf("%s: messageType = %q", setting, got)
		}
	}
	if _, err := contract.NewDataConverter("xml"); err == nil {
		t.Error("encoding xml was accepted")
	}
}

func TestBothEncodingsAreDecodedExactly(t *testing.T) {
	want := &riskv1.Shard{
		ScenarioCount: math.MaxInt64,
		SumMinor:      math.MinInt64,
		MinMinor:      -1<<53 - 1,
		MaxMinor:      1<<53 + 1,
		Bitsum:        math.MaxUint64,
		TailMinor:     []int64{math.MinInt64, math.MaxInt64},
		Worst:         []*riskv1.ScenarioResult{{PnlMinor: math.MinInt64, Scenario: math.MaxUint32}},
	}
	for _, writer := range []string{"json", "binary"} {
		for _, reader := range []string{"json", "binary"} {
			t.Run(writer+" read by "+reader, func(t *testing.T) {
				sent, err := newConverter(t, writer).ToPayloads(want)
				if err != nil {
					t.Fatal(err)
				}
				var got *riskv1.Shard
				if err := newConverter(t, reader).FromPayloads(sent, &got); err != nil {
					t.Fatal(err)
				}
				if !proto.Equal(got, want) {
					t.Errorf("got %v; want %v", got, want)
				}
			})
		}
	}
}

func TestOldReaderPassesOverFieldsOfNewWriter(t *testing.T) {
	known, err := proto.Marshal(&riskv1.ScenarioRange{First: 7, Count: 9})
	if err != nil {
		t.Fatal(err)
	}
	added := protowire.AppendVarint(protowire.AppendTag(known, 1000, protowire.VarintType), 1)
	cases := map[string]*commonpb.Payload{
		"json": payload("json/protobuf", "triglot.risk.v1.ScenarioRange",
			`{"first": "7", "count": "9", "addedLater": {"deep": [1, "x"]}}`),
		"binary": payload("binary/protobuf", "triglot.risk.v1.ScenarioRange",
			string(added)),
	}
	for name, sent := range cases {
		t.Run(name, func(t *testing.T) {
			var got *riskv1.ScenarioRange
			if err := newConverter(t, "json").FromPayload(sent, &got); err != nil {
				t.Fatal(err)
			}
			if got.GetFirst() != 7 || got.GetCount() != 9 {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestOnlyTheMessageItselfIsDecoded(t *testing.T) {
	cases := map[string]*commonpb.Payload{
		"json/plain":         payload("json/plain", "", `{"first": "7", "count": "9"}`),
		"another message":    payload("json/protobuf", "triglot.risk.v1.Shard", `{"scenarioCount": "1"}`),
		"no message type":    payload("json/protobuf", "", `{"first": "7", "count": "9"}`),
		"broken JSON":        payload("json/protobuf", "triglot.risk.v1.ScenarioRange", `{"first":`),
		"a wrong type":       payload("json/protobuf", "triglot.risk.v1.ScenarioRange", `{"first": "seven"}`),
		"broken binary":      payload("binary/protobuf", "triglot.risk.v1.ScenarioRange", "\x08"),
		"bytes":              payload("binary/plain", "", "abc"),
		"an unknown payload": payload("text/xml", "", "<first/>"),
		"no encoding":        {},
	}
	payloads := newConverter(t, "json")
	for name, sent := range cases {
		t.Run(name, func(t *testing.T) {
			var pointer *riskv1.ScenarioRange
			requireInvalidArgument(t, payloads.FromPayload(sent, &pointer))
			var message riskv1.ScenarioRange
			requireInvalidArgument(t, payloads.FromPayload(sent, &message))
			all := &commonpb.Payloads{Payloads: []*commonpb.Payload{sent}}
			requireInvalidArgument(t, payloads.FromPayloads(all, &pointer))
		})
	}
}

// requireTwoArguments asserts the refusal of a request that did not come alone.
func requireTwoArguments(t *testing.T, err error) {
	t.Helper()
	if got := requireInvalidArgument(t, err).Message(); !strings.HasSuffix(got, "Request, got 2 arguments") {
		t.Errorf("message = %q", got)
	}
}

func TestAMessageIsTheOnlyArgument(t *testing.T) {
	payloads := newConverter(t, "json")
	for name, second := range map[string]any{"another": validRequest(), "a text": "text", "nothing": nil} {
		t.Run(name, func(t *testing.T) {
			sent, err := payloads.ToPayloads(validRequest(), second)
			if err != nil {
				t.Fatal(err)
			}
			var pointer *riskv1.SimulateShardRequest
			requireTwoArguments(t, payloads.FromPayloads(sent, &pointer))
		})
	}
}

func TestPlainValuesStayConvertible(t *testing.T) {
	payloads := newConverter(t, "json")
	sent, err := payloads.ToPayloads("text", 1<<53+1, []byte("bytes"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	var number int64
	var content []byte
	var nothing *int
	if err := payloads.FromPayloads(sent, &text, &number, &content, &nothing); err != nil {
		t.Fatal(err)
	}
	if text != "text" || number != 1<<53+1 || string(content) != "bytes" || nothing != nil {
		t.Errorf("got %q, %d, %q, %v", text, number, content, nothing)
	}
	var raw converter.RawValue
	if err := payloads.FromPayloads(sent, &raw); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(raw.Payload(), sent.Payloads[0]) {
		t.Errorf("raw value = %v", raw.Payload())
	}
}

func TestWrappedErrorsKeepTheirTypes(t *testing.T) {
	failures := contract.NewFailureConverter(newConverter(t, "json"))
	inner := contract.NewInvalidArgument("range: is missing")
	failure := failures.ErrorToFailure(fmt.Errorf("unable to decode: %w", inner))
	info := failure.GetApplicationFailureInfo()
	if info.GetType() != contract.InvalidArgument || !info.GetNonRetryable() {
		t.Errorf("failure = %v", failure)
	}
	if failure.GetMessage() != "range: is missing" {
		t.Errorf("message = %q", failure.GetMessage())
	}
	if details := info.GetDetails().GetPayloads(); len(details) != 1 ||
		string(details[0].GetMetadata()["encoding"]) != "json/protobuf" {
		t.Errorf("details = %v", details)
	}
	for _, errorType := range []string{contract.ObjectNotFound, contract.ObjectCorrupt, contract.StoreUnavailable} {
		fetched := failures.ErrorToFailure(fmt.Errorf("storage driver failed: %w",
			temporal.NewApplicationError("why", errorType)))
		info := fetched.GetApplicationFailureInfo()
		if info.GetType() != errorType || info.GetNonRetryable() || fetched.GetMessage() != "why" {
			t.Errorf("failure = %v; want a retryable %s", fetched, errorType)
		}
	}
	other := failures.ErrorToFailure(fmt.Errorf("read: %w", errors.New("broken pipe")))
	if other.GetApplicationFailureInfo().GetNonRetryable() || other.GetMessage() != "read: broken pipe" {
		t.Errorf("failure = %v", other)
	}
}
