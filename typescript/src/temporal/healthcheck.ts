/**
 * The health check of a container: asks the worker that runs in it whether it is ready. Exit code 0 if so; else 1, and
 * the reason is on standard error.
 */
const address = process.env['TRIGLOT_HEALTH_ADDRESS'] ?? '';
// The worker may listen at all addresses, 0.0.0.0; it is asked at this machine's own.
const port = /:(\d+)$/.exec(address)?.[1];
if (port === undefined) {
  process.stderr.write('TRIGLOT_HEALTH_ADDRESS is not set to host:port\n');
  process.exitCode = 1;
} else {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(4_000) });
    if (!answer.ok) {
      process.stderr.write(`${await answer.text()}\n`);
      process.exitCode = 1;
    }
  } catch (error) {
    process.stderr.write(`no answer at port ${port}: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
