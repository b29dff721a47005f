/**
 * What generated code says of the contract's RPCs, and the check that a value is the RPC's message. Workflows and
 * clients both import this: it needs nothing of either.
 */
import { type DescMessage, isMessage, type MessageShape } from '@bufbuild/protobuf';
import type { CommonWorkflowOptions, VersioningBehavior } from '@temporalio/common';

/** A message's schema; undefined stands for google.protobuf.Empty: no argument, or no result. */
export type Schema = DescMessage | undefined;

/** What an RPC takes. */
export type Request<I extends Schema> = I extends DescMessage ? MessageShape<I> : undefined;

/** What an RPC returns. */
// biome-ignore lint/suspicious/noConfusingVoidType: what returns nothing returns void, also by a conditional type
export type Response<O extends Schema> = O extends DescMessage ? MessageShape<O> : void;

/** An RPC of the contract. */
export interface Rpc<I extends Schema = undefined, O extends Schema = undefined> {
  /** The name by which Temporal knows it. */
  readonly type: string;
  readonly input?: I;
  readonly output?: O;
}

/** An RPC that is a workflow. */
export interface WorkflowRpc<I extends Schema = undefined, O extends Schema = undefined> extends Rpc<I, O> {
  /** Further types under which it is served, so that older callers still find it. */
  readonly aliases?: readonly string[];
  /** What a run does when its worker's version is no longer current; undefined leaves it to the worker. */
  readonly versioningBehavior?: VersioningBehavior;
  /** Makes its id; `uuidV4` makes what is random in it, which in a workflow must be the same in a replay. */
  readonly id?: (request: Request<I>, uuidV4: () => string) => string;
  /** What its starts by clients and by parents have in common. */
  readonly options: CommonWorkflowOptions & { readonly taskQueue: string };
}

/** An RPC that is an update. */
export interface UpdateRpc<I extends Schema = undefined, O extends Schema = undefined> extends Rpc<I, O> {
  /** Whether the workflow checks the contract's rules before it accepts one. */
  readonly validate?: boolean;
  readonly id?: (request: Request<I>, uuidV4: () => string) => string;
}

/** Returns the RPC as it is, with its schemas' types inferred. */
export function workflow<I extends Schema = undefined, O extends Schema = undefined>(
  rpc: WorkflowRpc<I, O>,
): WorkflowRpc<I, O> {
  return rpc;
}

/**
 * Returns `value` as the RPC's response. Throws a TypeError if it is anything else: in a workflow that fails the
 * task, which is tried again until another version of a worker mends it.
 */
export function expectResponse<O extends Schema>(schema: O | undefined, value: unknown): Response<O> {
  if (schema !== undefined && !isMessage(value, schema)) {
    throw new TypeError(describeMismatch(schema, value));
  }
  return (schema && value) as Response<O>;
}

export function describeMismatch(schema: DescMessage, value: unknown): string {
  return `expected ${schema.typeName}, got ${nameOf(value)}`;
}

function nameOf(value: unknown): string {
  if (isMessage(value)) {
    return value.$typeName;
  }
  return value === null || value === undefined ? 'nothing' : `a plain ${typeof value}`;
}
