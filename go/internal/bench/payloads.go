package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"syscall"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"example.com/triglot/go/contract"
	riskv1 "example.com/triglot/go/risk/v1"
)

// message is one to measure, as proto JSON.
type message struct {
	Type string          `json:"type"`
	JSON json.RawMessage `json:"json"`
}

// asked is one measurement.
type asked struct {
	Message   string  `json:"message"`
	Encoding  string  `json:"encoding"`
	Operation string  `json:"operation"`
	Field     string  `json:"field"`
	Seconds   float64 `json:"seconds"`
}

// cost is what was measured: the CPU time of the whole process over a number of messages.
type cost struct {
	CPUSeconds float64 `json:"cpuSeconds"`
	Count      int     `json:"count"`
	Bytes      int     `json:"bytes"`
}

// MeasurePayloads answers measurements until the questions end. The first line has the messages by name and is
// answered by `{"ready":true}`; each further line asks for one measurement.
func MeasurePayloads(questions io.Reader, answers io.Writer) error {
	lines, out := json.NewDecoder(bufio.NewReader(questions)), json.NewEncoder(answers)
	var described map[string]message
	if err := lines.Decode(&described); err != nil {
		return fmt.Errorf("read the messages: %w", err)
	}
	messages := map[string]proto.Message{}
	for name, each := range described {
		parsed, err := parse(each)
		if err != nil {
			return fmt.Errorf("message %s: %w", name, err)
		}
		messages[name] = parsed
	}
	if err := out.Encode(map[string]bool{"ready": true}); err != nil {
		return err
	}
	for {
		var question asked
		err := lines.Decode(&question)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a question: %w", err)
		}
		found, err := measure(messages[question.Message], question)
		if err != nil {
			return err
		}
		if err := out.Encode(found); err != nil {
			return err
		}
	}
}

func parse(described message) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(described.Type))
	if err != nil {
		return nil, err
	}
	parsed := kind.New().Interface()
	return parsed, protojson.Unmarshal(described.JSON, parsed)
}

func measure(sent proto.Message, question asked) (cost, error) {
	if sent == nil {
		return cost{}, fmt.Errorf("there is no message %q", question.Message)
	}
	payloads, err := contract.NewDataConverter(question.Encoding)
	if err != nil {
		return cost{}, err
	}
	payload, err := payloads.ToPayload(sent)
	if err != nil {
		return cost{}, err
	}
	work, err := operation(payloads, sent, payload, question)
	if err != nil {
		return cost{}, err
	}
	found, err := repeat(work, time.Duration(question.Seconds*float64(time.Second)))
	found.Bytes = len(payload.GetData())
	return found, err
}

func operation(
	payloads converter.DataConverter, sent proto.Message, payload *commonpb.Payload, question asked,
) (func() error, error) {
	decode := func() (proto.Message, error) {
		found := sent.ProtoReflect().New().Interface()
		return found, payloads.FromPayload(payload, found)
	}
	switch question.Operation {
	case "encode":
		return func() error {
			_, err := payloads.ToPayload(sent)
			return err
		}, nil
	case "decode":
		return func() error {
			_, err := decode()
			return err
		}, nil
	case "read":
		add, err := summation(question.Field)
		return func() error {
			found, err := decode()
			if err != nil {
				return err
			}
			if err := contract.Validate(found); err != nil {
				return err
			}
			add(found)
			return nil
		}, err
	default:
		return nil, fmt.Errorf("there is no operation %q", question.Operation)
	}
}

// summation returns what adds up the numbers of a field. Through the generated types: who reads a message writes no
// reflection.
func summation(field string) (func(proto.Message), error) {
	switch field {
	case "":
		return func(proto.Message) {}, nil
	case "tail_minor":
		return func(found proto.Message) {
			total := int64(0)
			for _, each := range found.(*riskv1.Shard).GetTailMinor() {
				total += each
			}
			runtime.KeepAlive(total) // or the compiler would drop the sum
		}, nil
	case "growth_factors":
		return func(found proto.Message) {
			total := 0.0
			for _, each := range found.(*riskv1.SimulationSpec).GetGrowthFactors() {
				total += each
			}
			runtime.KeepAlive(total)
		}, nil
	default:
		return nil, fmt.Errorf("there is no field %q to sum", field)
	}
}

// repeat works until the time is over, at least once. The garbage collector runs when it likes, as in all languages.
func repeat(work func() error, duration time.Duration) (cost, error) {
	begun, deadline := cpuTime(), time.Now().Add(duration)
	for count := 1; ; count++ {
		if err := work(); err != nil {
			return cost{}, err
		}
		if !time.Now().Before(deadline) {
			return cost{CPUSeconds: (cpuTime() - begun).Seconds(), Count: count}, nil
		}
	}
}

// cpuTime is this process's, the collector's threads included.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	// It fails only for a wrong constant.
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
