/** The messages of our contract, by name. */
import { createRegistry } from '@bufbuild/protobuf';
import { file_buf_validate_validate } from '../gen/buf/validate/validate_pb.js';
import { file_triglot_bench_v1_bench } from '../gen/triglot/bench/v1/bench_pb.js';
import { file_triglot_notification_v1_notification } from '../gen/triglot/notification/v1/notification_pb.js';
import { file_triglot_risk_v1_analytics } from '../gen/triglot/risk/v1/analytics_pb.js';
import { file_triglot_risk_v1_decision } from '../gen/triglot/risk/v1/decision_pb.js';
import { file_triglot_risk_v1_market } from '../gen/triglot/risk/v1/market_pb.js';
import { file_triglot_risk_v1_measures } from '../gen/triglot/risk/v1/measures_pb.js';
import { file_triglot_risk_v1_publication } from '../gen/triglot/risk/v1/publication_pb.js';
import { file_triglot_risk_v1_report } from '../gen/triglot/risk/v1/report_pb.js';
import { file_triglot_risk_v1_simulation } from '../gen/triglot/risk/v1/simulation_pb.js';
import { file_triglot_store_v1_object } from '../gen/triglot/store/v1/object_pb.js';

export const contractRegistry = createRegistry(
  // The details of an InvalidArgument are a buf.validate.Violations.
  file_buf_validate_validate,
  file_triglot_bench_v1_bench,
  file_triglot_notification_v1_notification,
  file_triglot_risk_v1_analytics,
  file_triglot_risk_v1_decision,
  file_triglot_risk_v1_market,
  file_triglot_risk_v1_measures,
  file_triglot_risk_v1_publication,
  file_triglot_risk_v1_report,
  file_triglot_risk_v1_simulation,
  file_triglot_store_v1_object,
);
