package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

type link map[string]any

// describe tells what a program in Go sees of an error, from the outermost to the innermost.
func describe(err error) []link {
	var chain []link
	for ; err != nil; err = errors.Unwrap(err) {
		chain = append(chain, describeOne(err))
	}
	return chain
}

func describeOne(err error) link {
	seen := link{"class": strings.TrimPrefix(fmt.Sprintf("%T", err), "*")}
	// The SDK keeps the failure that it has read, and shows it to failure converters alone.
	failure := temporal.GetDefaultFailureConverter().ErrorToFailure(err)
	seen["source"] = failure.GetSource()
	seen["stack"] = failure.GetStackTrace() != ""
	switch err := err.(type) {
	case *temporal.ActivityError:
		seen["kind"], seen["retry_state"] = "activity", retryState(err.RetryState())
	case *temporal.ChildWorkflowExecutionError:
		seen["kind"], seen["retry_state"] = "child", retryState(err.RetryState())
	case *temporal.WorkflowExecutionError:
		seen["kind"] = "workflow"
	case *temporal.ApplicationError:
		seen["kind"] = "application"
		seen["message"] = err.Message()
		seen["type"] = err.Type()
		seen["non_retryable"] = err.NonRetryable()
		seen["next_retry_delay"] = err.NextRetryDelay().Seconds()
		seen["benign"] = err.Category() == temporal.ApplicationErrorCategoryBenign
		seen["details"] = decoded(err.Details)
	case *temporal.CanceledError:
		seen["kind"] = "cancelled"
		seen["details"] = decoded(err.Details)
	case *temporal.TimeoutError:
		seen["kind"] = "timeout"
		seen["message"] = err.Message()
		seen["timeout"] = snake(err.TimeoutType().String())
		seen["last_heartbeat"] = decoded(err.LastHeartbeatDetails)
	case *temporal.TerminatedError:
		seen["kind"] = "terminated"
	case *temporal.PanicError:
		seen["kind"] = "panic"
		seen["message"] = err.Error()
	default:
		seen["kind"] = "other"
		seen["message"] = err.Error()
	}
	return seen
}

func retryState(state enumspb.RetryState) string { return snake(state.String()) }

func snake(name string) string {
	var text strings.Builder
	for i, letter := range name {
		if i > 0 && unicode.IsUpper(letter) {
			text.WriteByte('_')
		}
		text.WriteRune(unicode.ToUpper(letter))
	}
	return text.String()
}

// decoded takes details as a program does that knows their types; how many there are, the SDK does not tell.
func decoded(get func(...any) error) []any {
	payloads := rawDetails(get)
	targets := make([]any, len(payloads))
	for i, raw := range payloads {
		targets[i] = targetOf(raw)
	}
	if len(targets) > 0 {
		if err := get(targets...); err != nil {
			return []any{link{"undecodable": true}}
		}
	}
	for i, target := range targets {
		targets[i] = neutral(target)
	}
	return targets
}

func rawDetails(get func(...any) error) []converter.RawValue {
	var known []converter.RawValue
	for count := 1; ; count++ {
		raw := make([]converter.RawValue, count)
		targets := make([]any, count)
		for i := range raw {
			targets[i] = &raw[i]
		}
		if get(targets...) != nil || raw[count-1].Payload() == nil {
			return known
		}
		known = raw
	}
}

func targetOf(raw converter.RawValue) any {
	name := protoreflect.FullName(raw.Payload().GetMetadata()[converter.MetadataMessageType])
	if name == "" {
		return new(any)
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		return &storeReference{}
	}
	return kind.New().Interface()
}

func neutral(target any) any {
	message, isMessage := target.(proto.Message)
	if !isMessage {
		return *target.(*any)
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return link{"undecodable": true}
	}
	seen := link{}
	if err := json.Unmarshal(text, &seen); err != nil {
		return link{"undecodable": true}
	}
	seen["@type"] = string(message.ProtoReflect().Descriptor().FullName())
	return seen
}
