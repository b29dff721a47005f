/** Acme's returns, written against the generated code alone; the programs in Go and Python do the same. */
import { create, isFieldSet } from '@bufbuild/protobuf';
import { ApplicationFailure, allHandlersFinished, condition } from '@temporalio/workflow';
import { serveWorkflows } from '../../../../../typescript/src/temporal/contract-workflow.js';
import {
  ApproveRefundResponseSchema,
  type ArchiveReturnRequest,
  ArchiveReturnRequestSchema,
  GetReturnResponse_Stage,
  GetReturnResponseSchema,
  type HandleReturnRequest,
  HandleReturnRequestSchema,
  HandleReturnResponseSchema,
  ImportRequest_ObjectSchema,
  InspectParcelRequestSchema,
} from '../gen/acme/returns/v1/returns_pb.js';
import {
  archiveServiceWorkflows,
  inspectParcel,
  onApproveRefund,
  onGetReturn,
  onReceiveParcel,
  returnServiceWorkflows,
  startArchiveReturn,
} from '../gen/acme/returns/v1/returns_workflow.js';

export default serveWorkflows(
  returnServiceWorkflows({ handleReturn }),
  archiveServiceWorkflows({ archiveReturn, importPapers: async () => {} }),
);

async function handleReturn(request: HandleReturnRequest) {
  const state = create(GetReturnResponseSchema, { stage: GetReturnResponse_Stage.AWAITED });
  if (isFieldSet(request, HandleReturnRequestSchema.field.reason)) {
    state.reason = request.reason;
  }
  let refundCents = 0n;

  onReceiveParcel(({ pieces }) => {
    state.pieces += pieces;
  });
  onGetReturn(() => state);
  onApproveRefund(
    ({ approver, cents }) => {
      state.stage = GetReturnResponse_Stage.REFUNDED;
      refundCents = cents;
      return create(ApproveRefundResponseSchema, { number: `refund/${approver}/${cents}` });
    },
    {
      validator() {
        if (state.stage !== GetReturnResponse_Stage.INSPECTED) {
          throw ApplicationFailure.nonRetryable('nothing was inspected', 'TooEarly');
        }
      },
    },
  );

  await condition(() => state.pieces > 0n);
  const { finding } = await inspectParcel(
    create(InspectParcelRequestSchema, {
      pieces: state.pieces,
      ...(request.from && { from: request.from }),
    }),
  );
  state.stage = GetReturnResponse_Stage.INSPECTED;
  await condition(() => refundCents > 0n);
  const object = create(ImportRequest_ObjectSchema, { number: state.pieces, fragile: true });
  const archived = await startArchiveReturn(create(ArchiveReturnRequestSchema, { object }));
  await archived.result();
  await condition(allHandlersFinished);
  return create(HandleReturnResponseSchema, { refundCents, finding });
}

async function archiveReturn({ object }: ArchiveReturnRequest) {
  if (!object || !isFieldSet(object, ImportRequest_ObjectSchema.field.fragile)) {
    throw ApplicationFailure.nonRetryable('nobody said whether it breaks', 'Unsaid');
  }
}
