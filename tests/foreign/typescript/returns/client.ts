/** Drives Acme's returns and says what it sees, as the programs in Go and Python do. */
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { create, isFieldSet } from '@bufbuild/protobuf';
import {
  ActivityFailure,
  ApplicationFailure,
  Client,
  Connection,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { type HandleReturnHandle, ReturnServiceClient } from '../gen/acme/returns/v1/returns_client.js';
import {
  ApproveRefundRequestSchema,
  type GetReturnResponse,
  GetReturnResponse_Stage,
  GetReturnResponse_StageSchema,
  GetReturnResponseSchema,
  HandleReturnRequestSchema,
  ReceiveParcelRequestSchema,
} from '../gen/acme/returns/v1/returns_pb.js';
import { returnServiceNames, returnServiceTaskQueue } from '../gen/acme/returns/v1/returns_temporal.js';

const ALIAS = 'acme.returns.v1.ReturnService.ProcessReturn';
const DEADLINE_MS = 30_000;
// More pieces than a double can count one by one.
const PARCEL = create(ReceiveParcelRequestSchema, { pieces: 2n ** 53n + 1n });

export async function drive(address: string, order: string): Promise<Record<string, unknown>> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({
      connection,
      dataConverter: { payloadConverterPath: fileURLToPath(import.meta.resolve('../payload-converter.js')) },
    });
    return await look(client, new ReturnServiceClient(client), order);
  } finally {
    await connection.close();
  }
}

async function look(client: Client, returns: ReturnServiceClient, order: string) {
  const handle = await returns.startHandleReturnWithReceiveParcel(request(order, { reason: '' }), PARCEL);
  const state = await inspected(handle);
  // Said, and not left out: a rule asks nothing of a field that is unset.
  const bad = create(ApproveRefundRequestSchema, { approver: 'desk', cents: 0n });
  const seen = {
    refused: await failureType(returns.startHandleReturn(request(''))),
    id: handle.workflow.workflowId,
    pieces: String(state.pieces),
    reason_present: isFieldSet(state, GetReturnResponseSchema.field.reason),
    // Past the generated check, as an older client might.
    rejected: await failureType(
      handle.workflow.executeUpdate(returnServiceNames.approveRefund, { args: [bad] }),
    ),
  };
  const { number } = await handle.approveRefund(
    create(ApproveRefundRequestSchema, { approver: 'desk', cents: 1250n }),
  );
  const { refundCents, finding } = await returns.handleReturnHandle(seen.id).result();
  return {
    ...seen,
    number,
    refund_cents: String(refundCents),
    finding,
    too_early: await tooEarly(returns, `${order}-b`),
    ...(await failure(returns, `${order}-c`)),
    alias_stage: await stageOfAlias(client, returns, `${order}-d`),
  };
}

function request(orderId: string, { city = 'Basel', ...fields }: { city?: string; reason?: string } = {}) {
  return create(HandleReturnRequestSchema, { orderId, from: { city }, ...fields });
}

async function inspected(handle: HandleReturnHandle): Promise<GetReturnResponse> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const state = await handle.getReturn();
    if (state.stage === GetReturnResponse_Stage.INSPECTED) {
      return state;
    }
    await setTimeout(50);
  }
  throw new Error('the parcel was not inspected');
}

/** The type of the application failure that it ends with. */
async function failureType(attempt: Promise<unknown>): Promise<string | null | undefined> {
  try {
    await attempt;
    return 'nothing';
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : error;
    if (cause instanceof ApplicationFailure) {
      return cause.type;
    }
    throw error;
  }
}

async function tooEarly(returns: ReturnServiceClient, order: string) {
  const approval = create(ApproveRefundRequestSchema, { approver: 'desk', cents: 1n });
  const type = await failureType(returns.startHandleReturnWithApproveRefund(request(order), approval));
  await returns.handleReturnHandle(`return/${order}`).workflow.terminate();
  return type;
}

async function failure(returns: ReturnServiceClient, order: string) {
  const lost = request(order, { city: 'nowhere' });
  const handle = await returns.startHandleReturnWithReceiveParcel(lost, PARCEL);
  try {
    await handle.result();
  } catch (error) {
    const activity = error instanceof WorkflowFailedError ? error.cause : error;
    if (activity instanceof ActivityFailure && activity.cause instanceof ApplicationFailure) {
      const { type, message } = activity.cause;
      return { failed_activity: activity.activityType, failed_type: type, failed_message: message };
    }
    throw error;
  }
  return {};
}

async function stageOfAlias(client: Client, returns: ReturnServiceClient, order: string) {
  const handle = returns.handleReturnHandle(`return/${order}`);
  await client.workflow.start(ALIAS, {
    workflowId: handle.workflow.workflowId,
    taskQueue: returnServiceTaskQueue,
    args: [request(order)],
  });
  const { stage } = await handle.getReturn();
  await handle.workflow.terminate();
  return GetReturnResponse_StageSchema.value[stage]?.name;
}
