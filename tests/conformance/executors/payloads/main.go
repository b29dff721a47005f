// Command conformance does what Go's workers make of payloads: the protocol is in tests/conformance/languages.py.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"log"
	"os"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"example.com/triglot/go/contract"
)

type operation struct {
	Op          string  `json:"op"`
	Encoding    string  `json:"encoding"`
	Stock       bool    `json:"stock"`
	Type        string  `json:"type"`
	As          string  `json:"as"`
	Data        []byte  `json:"data"`
	Descriptors []byte  `json:"descriptors"`
	Payload     payload `json:"payload"`
	Value       tagged  `json:"value"`
}

// payload has its bytes in base64, as encoding/json has it.
type payload struct {
	Metadata map[string][]byte `json:"metadata"`
	Data     []byte            `json:"data"`
}

type executor struct {
	messages messages
	contract map[string]converter.DataConverter
	stock    converter.DataConverter
	failures converter.FailureConverter
}

// refusal is an error of the code under test. Any other one is a fault of this program, which no case may expect.
type refusal struct{ error }

func main() {
	runner, err := newExecutor()
	if err != nil {
		log.Fatal(err)
	}
	answers := json.NewEncoder(os.Stdout)
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		if err := answers.Encode(runner.answer(line)); err != nil {
			log.Fatal(err)
		}
	}
}

func newExecutor() (*executor, error) {
	converters := map[string]converter.DataConverter{}
	for _, encoding := range []string{contract.EncodingJSON, contract.EncodingBinary} {
		made, err := contract.NewDataConverter(encoding)
		if err != nil {
			return nil, err
		}
		converters[encoding] = made
	}
	return &executor{
		contract: converters,
		stock:    converter.GetDefaultDataConverter(),
		failures: contract.NewFailureConverter(converters[contract.EncodingJSON]),
	}, nil
}

func (e *executor) answer(line []byte) any {
	var asked operation
	err := json.Unmarshal(line, &asked)
	if err == nil {
		var answer any
		if answer, err = e.do(asked); err == nil {
			return answer
		}
	}
	var refused refusal
	if !errors.As(err, &refused) {
		return failed("Executor", err.Error(), false)
	}
	failure := e.failures.ErrorToFailure(refused.error)
	info := failure.GetApplicationFailureInfo()
	return failed(info.GetType(), failure.GetMessage(), info.GetNonRetryable())
}

func failed(kind, message string, nonRetryable bool) any {
	return map[string]any{"error": map[string]any{"type": kind, "message": message, "nonRetryable": nonRetryable}}
}

func (e *executor) do(asked operation) (any, error) {
	switch asked.Op {
	case "load":
		return struct{}{}, e.messages.load(asked.Descriptors)
	case "encode":
		message, err := e.messages.parse(asked.Type, asked.Data)
		if err != nil {
			return nil, err
		}
		return e.encode(asked, message)
	case "decode":
		return e.decode(asked)
	case "encode_plain":
		value, err := asked.Value.value()
		if err != nil {
			return nil, err
		}
		return e.encode(asked, value)
	case "decode_plain":
		return e.decodePlain(asked)
	case "validate":
		return e.validate(asked)
	default:
		return nil, errors.New("no operation " + asked.Op)
	}
}

func (e *executor) converter(asked operation) converter.DataConverter {
	switch {
	case asked.Stock:
		return e.stock
	case asked.Encoding == "":
		return e.contract[contract.EncodingJSON]
	default:
		return e.contract[asked.Encoding]
	}
}

func (e *executor) encode(asked operation, value any) (any, error) {
	sent, err := e.converter(asked).ToPayloads(value)
	if err != nil {
		return nil, refusal{err}
	}
	first := sent.GetPayloads()[0]
	return map[string]any{"payload": payload{first.GetMetadata(), notNil(first.GetData())}}, nil
}

// notNil makes empty text in JSON of what would be null.
func notNil(data []byte) []byte {
	return append([]byte{}, data...)
}

func (e *executor) fetch(asked operation, target any) error {
	received := &commonpb.Payload{Metadata: asked.Payload.Metadata, Data: asked.Payload.Data}
	payloads := &commonpb.Payloads{Payloads: []*commonpb.Payload{received}}
	if err := e.converter(asked).FromPayloads(payloads, target); err != nil {
		return refusal{err}
	}
	return nil
}

func (e *executor) decode(asked operation) (any, error) {
	target, err := e.messages.target(asked.Type)
	if err != nil {
		return nil, err
	}
	if err := e.fetch(asked, target.pointer); err != nil {
		return nil, err
	}
	data, err := target.marshal()
	return map[string]any{"data": data}, err
}

func (e *executor) decodePlain(asked operation) (any, error) {
	if make, ok := targets[asked.As]; ok {
		target := make()
		if err := e.fetch(asked, target); err != nil {
			return nil, err
		}
		value, err := tag(target)
		return map[string]any{"value": value}, err
	}
	target, err := e.messages.target(asked.As)
	if err != nil {
		return nil, err
	}
	if err := e.fetch(asked, target.pointer); err != nil {
		return nil, err
	}
	data, err := target.marshal()
	return map[string]any{"value": map[string]any{"message": data}}, err
}

func (e *executor) validate(asked operation) (any, error) {
	message, err := e.messages.parse(asked.Type, asked.Data)
	if err != nil {
		return nil, err
	}
	found := []map[string]string{}
	if err := contract.Validate(message); err != nil {
		var failure *temporal.ApplicationError
		var violations *validate.Violations
		if !errors.As(err, &failure) {
			return nil, refusal{err}
		}
		if err := failure.Details(&violations); err != nil {
			return nil, err
		}
		for _, violation := range violations.GetViolations() {
			found = append(found, map[string]string{
				"field":   protovalidate.FieldPathString(violation.GetField()),
				"rule":    violation.GetRuleId(),
				"message": violation.GetMessage(),
			})
		}
	}
	return map[string]any{"violations": found}, nil
}
