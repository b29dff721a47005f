// Command errors raises errors in Go and reads those of other languages.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"example.com/triglot/go/contract"
	notificationv1 "example.com/triglot/go/notification/v1"
)

// question is a line of standard input; each is answered by a line of standard output.
type question struct {
	Op       string `json:"op"`
	Workflow string `json:"workflow"`
	Name     string `json:"name"`
	Case     string `json:"case"`
}

func main() {
	payloads, err := contract.NewDataConverter(contract.EncodingJSON)
	check(err)
	connection, err := client.Dial(client.Options{
		HostPort:         os.Getenv("TEMPORAL_ADDRESS"),
		DataConverter:    payloads,
		FailureConverter: contract.NewFailureConverter(payloads),
		// The SDK's own would write between the answers.
		Logger: sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
	})
	check(err)
	defer connection.Close()
	own, stopping := newWorker(connection, "errors-go"), newWorker(connection, "errors-go-stopping")
	check(own.Start())
	defer own.Stop()
	check(stopping.Start())
	answers := json.NewEncoder(os.Stdout)
	check(answers.Encode("serving"))
	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		var asked question
		check(json.Unmarshal(questions.Bytes(), &asked))
		if asked.Op == "stop" {
			stopping.Stop()
		}
		check(answers.Encode(asked.answer(connection)))
	}
}

func (q question) answer(connection client.Client) any {
	ctx := context.Background()
	var value any
	var err error
	switch q.Op {
	case "result":
		err = connection.GetWorkflow(ctx, q.Workflow, "").Get(ctx, &value)
	case "query":
		encoded, failed := connection.QueryWorkflow(ctx, q.Workflow, "", q.Name, q.Case)
		if err = failed; err == nil {
			err = encoded.Get(&value)
		}
	case "update":
		handle, failed := connection.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID:   q.Workflow,
			UpdateName:   q.Name,
			Args:         []any{q.Case},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err = failed; err == nil {
			err = handle.Get(ctx, &value)
		}
	}
	if err != nil {
		return describe(err)
	}
	return value
}

func newWorker(connection client.Client, queue string) worker.Worker {
	server := worker.New(connection, queue, worker.Options{
		MaxHeartbeatThrottleInterval:     50 * time.Millisecond,
		DefaultHeartbeatThrottleInterval: 50 * time.Millisecond,
	})
	activities := &raiser{ready: map[string]chan struct{}{}}
	server.RegisterActivityWithOptions(activities.RaiseError, activity.RegisterOptions{Name: "RaiseError"})
	notificationv1.RegisterNotificationServiceActivities(server, activities)
	for name, run := range map[string]any{
		"ReadActivities": readActivities,
		"ReadChild":      readChild,
		"ReadTyped":      readTyped,
		"ReadMessage":    readMessage,
		"Relay":          relay,
		"FailWith":       failWith,
		"Answer":         answer,
	} {
		server.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name})
	}
	return server
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
