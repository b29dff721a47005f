package health

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"example.com/triglot/go/internal/settings"
)

//lint:file-ignore SA1019 The mode is deprecated, but the other one lists the pollers of a queue's first partition
// alone: a worker with a poller or two would seem not to poll for minutes.

// Pollers asks for those who take activities off a task queue, over all its partitions: workers without a version and,
// unless version is zero, those of it.
func Pollers(
	service workflowservice.WorkflowServiceClient, namespace, taskQueue string, version settings.Version,
) Describe {
	versions := &taskqueuepb.TaskQueueVersionSelection{Unversioned: true}
	if version != (settings.Version{}) {
		// By name, since AllActive leaves versions of deployments out of answers that the server has kept from a
		// question before, which it does for seconds.
		versions.BuildIds = []string{version.DeploymentName + ":" + version.BuildID}
	}
	return func(ctx context.Context) ([]*taskqueuepb.PollerInfo, error) {
		answer, err := service.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace:      namespace,
			TaskQueue:      &taskqueuepb.TaskQueue{Name: taskQueue},
			ApiMode:        enumspb.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
			Versions:       versions,
			TaskQueueTypes: []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_ACTIVITY},
			ReportPollers:  true,
		})
		if err != nil {
			return nil, err
		}
		var pollers []*taskqueuepb.PollerInfo
		for _, version := range answer.GetVersionsInfo() {
			for _, kind := range version.GetTypesInfo() {
				pollers = append(pollers, kind.GetPollers()...)
			}
		}
		return pollers, nil
	}
}
