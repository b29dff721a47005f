/** Acme's returns: `worker` serves them, `client ORDER` drives them and prints what it sees. */
import { drive } from './client.js';
import { serve } from './worker.js';

const address = process.env['TEMPORAL_ADDRESS'] ?? '';
const [, , role, order = ''] = process.argv;

if (role === 'worker') {
  await serve(address);
} else {
  process.stdout.write(`${JSON.stringify(await drive(address, order))}\n`);
}
