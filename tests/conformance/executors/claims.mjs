// Lets TypeScript's SDK put payloads into our store (encode) or fetch them (decode): proto JSON of a
// temporal.api.common.v1.Payloads on standard input and output. An error comes out as a failure does on the
// wire.
import { text } from 'node:stream/consumers';

const [, , operation, packages, modules] = process.argv;
const { ensureApplicationFailure } = (await import(`${packages}/@temporalio/common/lib/index.js`)).default;
const { ExternalStorageRunner } = (
  await import(`${packages}/@temporalio/common/lib/internal-non-workflow/external-storage-runner.js`)
).default;
const { temporal } = (await import(`${packages}/@temporalio/proto/protos/index.js`)).default;
const { externalStorage } = await import(`${modules}/store/payloads.js`);
const { readStoreLocation } = await import(`${modules}/store/settings.js`);
const { openStore } = await import(`${modules}/store/store.js`);

const { Payloads } = temporal.api.common.v1;
const runner = new ExternalStorageRunner(externalStorage(openStore(readStoreLocation(process.env)), true));
const { payloads } = Payloads.fromObject(JSON.parse(await text(process.stdin)));
try {
  const answer = await (operation === 'encode' ? runner.store(payloads) : runner.retrieve(payloads));
  const message = Payloads.create({ payloads: answer });
  process.stdout.write(JSON.stringify(Payloads.toObject(message, { bytes: String, longs: String })));
} catch (error) {
  const { type, message, nonRetryable } = ensureApplicationFailure(error);
  process.stdout.write(JSON.stringify({ error: { type, message, nonRetryable: nonRetryable ?? false } }));
}
