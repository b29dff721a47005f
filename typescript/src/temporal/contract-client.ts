/** What generated clients call. */
import { randomUUID } from 'node:crypto';
import {
  type Client,
  WithStartWorkflowOperation,
  type WorkflowHandle,
  type WorkflowOptions,
  type WorkflowUpdateHandle,
  type WorkflowUpdateOptions,
} from '@temporalio/client';
import { parseRequest } from './contract.js';
import {
  expectResponse,
  type Request,
  type Response,
  type Rpc,
  type Schema,
  type UpdateRpc,
  type WorkflowRpc,
} from './contract-rpc.js';

/** What a client says of one start; the rest stands in the contract. */
export type StartOptions = Partial<WorkflowOptions>;

/** The same where the contract makes no id. */
export type StartOptionsWithId = StartOptions & Pick<WorkflowOptions, 'workflowId'>;

/** Starts a workflow. Throws InvalidArgument if the request breaks the contract's rules. */
export async function startWorkflow<I extends Schema = undefined, O extends Schema = undefined>(
  client: Client,
  rpc: WorkflowRpc<I, O>,
  request: Request<I>,
  options: StartOptions = {},
): Promise<WorkflowHandle> {
  return client.workflow.start(rpc.type, startOptions(rpc, request, options));
}

/** Sends a signal to a workflow, which is started if it does not run. */
export async function startWithSignal<
  I extends Schema = undefined,
  O extends Schema = undefined,
  S extends Schema = undefined,
>(
  client: Client,
  rpc: WorkflowRpc<I, O>,
  request: Request<I>,
  signal: Rpc<S, Schema>,
  signalRequest: Request<S>,
  options: StartOptions = {},
): Promise<WorkflowHandle> {
  return client.workflow.signalWithStart(rpc.type, {
    ...startOptions(rpc, request, options),
    signal: signal.type,
    signalArgs: checkedArguments(signal, signalRequest),
  });
}

/** Sends an update to a workflow, which is started if it does not run, and waits for the update's end. */
export async function startWithUpdate<
  I extends Schema = undefined,
  O extends Schema = undefined,
  U extends Schema = undefined,
  R extends Schema = undefined,
>(
  client: Client,
  rpc: WorkflowRpc<I, O>,
  request: Request<I>,
  update: UpdateRpc<U, R>,
  updateRequest: Request<U>,
  options: StartOptions = {},
): Promise<[WorkflowHandle, Response<R>]> {
  const { workflowIdConflictPolicy = 'FAIL', ...started } = startOptions(rpc, request, options);
  const operation = new WithStartWorkflowOperation(rpc.type, { ...started, workflowIdConflictPolicy });
  const result = await client.workflow.executeUpdateWithStart(update.type, {
    ...updateOptions(update, updateRequest, {}),
    startWorkflowOperation: operation,
  });
  return [await operation.workflowHandle(), expectResponse(update.output, result)];
}

/** Waits for the end of a workflow. */
export async function resultOf<I extends Schema = undefined, O extends Schema = undefined>(
  workflow: WorkflowHandle,
  rpc: Rpc<I, O>,
): Promise<Response<O>> {
  return expectResponse(rpc.output, await workflow.result());
}

export async function sendQuery<I extends Schema = undefined, O extends Schema = undefined>(
  workflow: WorkflowHandle,
  rpc: Rpc<I, O>,
  request: Request<I>,
): Promise<Response<O>> {
  return expectResponse(rpc.output, await workflow.query(rpc.type, ...checkedArguments(rpc, request)));
}

export async function sendSignal<I extends Schema = undefined>(
  workflow: WorkflowHandle,
  rpc: Rpc<I, Schema>,
  request: Request<I>,
): Promise<void> {
  await workflow.signal(rpc.type, ...checkedArguments(rpc, request));
}

/** Sends an update and waits for its end. */
export async function executeUpdate<I extends Schema = undefined, O extends Schema = undefined>(
  workflow: WorkflowHandle,
  rpc: UpdateRpc<I, O>,
  request: Request<I>,
  options: WorkflowUpdateOptions = {},
): Promise<Response<O>> {
  const result = await workflow.executeUpdate(rpc.type, updateOptions(rpc, request, options));
  return expectResponse(rpc.output, result);
}

/** Sends an update and waits until the workflow has accepted it. */
export async function startUpdate<I extends Schema = undefined, O extends Schema = undefined>(
  workflow: WorkflowHandle,
  rpc: UpdateRpc<I, O>,
  request: Request<I>,
  options: WorkflowUpdateOptions = {},
): Promise<WorkflowUpdateHandle<Response<O>>> {
  const handle = await workflow.startUpdate(rpc.type, {
    ...updateOptions(rpc, request, options),
    waitForStage: 'ACCEPTED',
  });
  return { ...handle, result: async () => expectResponse(rpc.output, await handle.result()) };
}

function startOptions<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: WorkflowRpc<I, O>,
  request: Request<I>,
  options: StartOptions,
) {
  const args = checkedArguments(rpc, request);
  // Where the contract makes no id, the options' type has asked for one.
  const workflowId = options.workflowId ?? rpc.id?.(request, randomUUID) ?? '';
  return { ...rpc.options, ...options, workflowId, args };
}

function updateOptions<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: UpdateRpc<I, O>,
  request: Request<I>,
  options: WorkflowUpdateOptions,
) {
  // Whether it takes an argument is known only when it runs, but the SDK's types want to know before.
  const args = checkedArguments(rpc, request) as [unknown];
  const updateId = options.updateId ?? rpc.id?.(request, randomUUID);
  return { ...options, ...(updateId === undefined ? {} : { updateId }), args };
}

function checkedArguments<I extends Schema = undefined>(rpc: Rpc<I, Schema>, request: Request<I>): unknown[] {
  return rpc.input === undefined ? [] : [parseRequest(rpc.input, request)];
}
