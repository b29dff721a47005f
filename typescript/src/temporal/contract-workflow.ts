/** What generated code calls inside a workflow: only what a workflow's bundle may hold. */
import type { MessageShape } from '@bufbuild/protobuf';
import {
  type ActivityFunction,
  type RawValue,
  rawValueTypeInfo,
  type UntypedActivities,
} from '@temporalio/common';
import {
  type ActivityOptions,
  type ChildWorkflowHandle,
  type ChildWorkflowOptions,
  defineQuery,
  defineSignal,
  defineUpdate,
  defineWorkflowOptions,
  log,
  proxyActivities,
  setHandler,
  startChild as startRawChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { assertInWorkflowContext } from '@temporalio/workflow/lib/global-attributes.js';
import { expectRequest, invalidArgument, parseRequest } from './contract.js';
import {
  expectResponse,
  type Request,
  type Response,
  type Rpc,
  type Schema,
  type UpdateRpc,
  type WorkflowRpc,
} from './contract-rpc.js';

/** What a parent says of one child; the rest stands in the contract. */
export type ChildOptions = Partial<ChildWorkflowOptions>;

export type ChildHandle<Result> = ChildWorkflowHandle<() => Promise<Result>>;

/** What a workflow says of one of its updates. */
export interface UpdateOptions<Request = undefined> {
  /** Refuses an update by throwing an ApplicationFailure; called after the contract's own rules. */
  readonly validator?: (request: Request) => void;
}

/** A workflow as a worker serves it. */
export interface ServedWorkflow {
  readonly rpc: Pick<WorkflowRpc, 'type' | 'aliases' | 'versioningBehavior'>;
  readonly run: (...payloads: readonly RawValue[]) => Promise<unknown>;
}

/**
 * Makes the function that serves workflows under all their types: a module of workflows exports it as its
 * default, since the names of the contract have dots and so are no identifiers.
 *
 * Throws if two workflows have one type.
 */
export function serveWorkflows(
  ...services: readonly (readonly ServedWorkflow[])[]
): (...payloads: RawValue[]) => Promise<unknown> {
  const served = new Map<string, ServedWorkflow>();
  for (const workflow of services.flat()) {
    for (const type of [workflow.rpc.type, ...(workflow.rpc.aliases ?? [])]) {
      if (served.has(type)) {
        throw new TypeError(`two workflows have the type ${type}`);
      }
      served.set(type, workflow);
    }
  }
  async function dispatch(...payloads: RawValue[]): Promise<unknown> {
    const type = workflowInfo().workflowType;
    const workflow = served.get(type);
    if (workflow === undefined) {
      // No failure of the workflow: the task is tried again, perhaps by a worker that serves it.
      throw new TypeError(
        `no workflow of type ${type} is served here, only ${[...served.keys()].join(', ')}`,
      );
    }
    return workflow.run(...payloads);
  }
  defineWorkflowOptions(dispatch, {
    workflowDefinitionOptions: () => {
      const versioningBehavior = served.get(workflowInfo().workflowType)?.rpc.versioningBehavior;
      return versioningBehavior === undefined ? {} : { versioningBehavior };
    },
    staticOptions: { typeInfo: RAW },
  });
  return dispatch;
}

/** Serves a workflow; a request that is not the contract's ends it as InvalidArgument. */
export function serve<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: WorkflowRpc<I, O>,
  implementation: (request: Request<I>) => Promise<Response<O>>,
): ServedWorkflow {
  return {
    rpc,
    run: async (...payloads) =>
      expectResponse(rpc.output, await implementation(decodeRequest(rpc, payloads))),
  };
}

/** Runs an activity and checks that it returns the contract's message. */
export async function executeActivity<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: Rpc<I, O>,
  request: Request<I>,
  options: ActivityOptions,
): Promise<Response<O>> {
  const execute = proxyActivities<UntypedActivities>(options)[rpc.type] as ActivityFunction;
  return expectResponse(rpc.output, await execute(...argumentsOf(rpc, request)));
}

/** Starts a child, and checks that it returns the contract's message. */
export async function startChild<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: WorkflowRpc<I, O>,
  request: Request<I>,
  options: ChildOptions = {},
): Promise<ChildHandle<Response<O>>> {
  const workflowId = options.workflowId ?? rpc.id?.(request, uuid4);
  const handle = await startRawChild(rpc.type, {
    // The SDKs' defaults differ.
    cancellationType: 'TRY_CANCEL',
    ...rpc.options,
    ...options,
    ...(workflowId === undefined ? {} : { workflowId }),
    args: argumentsOf(rpc, request),
  });
  return { ...handle, result: async () => expectResponse(rpc.output, await handle.result()) };
}

/** Handles a signal; one whose request is not the contract's is logged and dropped, as in the other languages. */
export function setSignalHandler<I extends Schema = undefined>(
  rpc: Rpc<I, Schema>,
  handler: (request: Request<I>) => void | Promise<void>,
): void {
  setHandler(defineSignal(rpc.type, { typeInfo: RAW }), async (...payloads: RawValue[]) => {
    let request: Request<I>;
    try {
      request = decodeRequest(rpc, payloads);
    } catch (error) {
      log.error('signal dropped', { signal: rpc.type, error });
      return;
    }
    await handler(request);
  });
}

/** Handles a query; a request that is not the contract's fails it as InvalidArgument. */
export function setQueryHandler<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: Rpc<I, O>,
  handler: (request: Request<I>) => Response<O>,
): void {
  setHandler(defineQuery(rpc.type, { typeInfo: RAW }), (...payloads: RawValue[]) =>
    expectResponse(rpc.output, handler(decodeRequest(rpc, payloads))),
  );
}

/**
 * Handles an update. Its validator refuses a request that is not the contract's as InvalidArgument, and where the
 * contract says so one that breaks its rules; then it asks the workflow's own.
 */
export function setUpdateHandler<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: UpdateRpc<I, O>,
  handler: (request: Request<I>) => Response<O> | Promise<Response<O>>,
  { validator }: UpdateOptions<Request<I>> = {},
): void {
  setHandler(
    defineUpdate(rpc.type, { typeInfo: RAW }),
    async (...payloads: RawValue[]) =>
      expectResponse(rpc.output, await handler(decodeRequest(rpc, payloads))),
    {
      validator(...payloads: RawValue[]) {
        const request = decodeRequest(rpc, payloads);
        if (rpc.validate && rpc.input !== undefined) {
          parseRequest(rpc.input, request);
        }
        validator?.(request);
      },
    },
  );
}

// The SDK asks for a type by each argument's place; one is the contract's, and further ones are refused.
const MOST_ARGUMENTS = 100;

/**
 * Requests arrive undecoded: the SDK decodes before it calls anything here, and where that fails it tries the
 * workflow's task again for ever.
 */
const RAW = { inputTypes: Array.from({ length: MOST_ARGUMENTS }, () => rawValueTypeInfo) };

/** Throws an `invalidArgument`. The contract's rules are not asked: a rule that was tightened would break replay. */
function decodeRequest<I extends Schema = undefined>(
  rpc: Rpc<I, Schema>,
  payloads: readonly RawValue[],
): Request<I> {
  const { input } = rpc;
  if (input === undefined) {
    return undefined as Request<I>;
  }
  if (payloads.length > 1) {
    throw invalidArgument(`expected ${input.typeName}, got ${payloads.length} arguments`);
  }
  const value = payloads[0] && decode(input.typeName, payloads[0]);
  return expectRequest(input, value) as MessageShape<typeof input> as Request<I>;
}

function decode(typeName: string, { payload }: RawValue): unknown {
  // The SDK has no public way to the converter that it was configured with.
  const { payloadConverter } = assertInWorkflowContext('requests are decoded in workflows');
  try {
    return payloadConverter.fromPayload(payload);
  } catch (error) {
    throw invalidArgument(`expected ${typeName}: ${error instanceof Error ? error.message : error}`);
  }
}

function argumentsOf<I extends Schema = undefined>(rpc: Rpc<I, Schema>, request: Request<I>): unknown[] {
  return rpc.input === undefined ? [] : [request];
}
