import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fromJsonString } from '@bufbuild/protobuf';
import { KernelOutputSchema } from '../gen/triglot/risk/v1/simulation_pb.js';
import { paths } from '../kernel/paths.js';
import { parseRequest } from '../temporal/contract.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

const SPEC = {
  dayCount: 2,
  assetCount: 1,
  growthFactors: [1.5, 0.5] as readonly (number | string)[],
  exposuresMinor: ['1000'],
  horizonDays: 1,
  blockDays: 1,
  seed: '18446744073709551615',
};
const RANGE = { first: '4294967286', count: '10' };

function execute(input: string | Uint8Array, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...options], { input });
  return { status, output: stdout.toString(), problem: stderr.toString() };
}

function inputOf(changes: { spec?: Partial<typeof SPEC>; range?: Partial<typeof RANGE> } = {}): string {
  return JSON.stringify({ spec: { ...SPEC, ...changes.spec }, range: { ...RANGE, ...changes.range } });
}

test('the output is the shard and its digest', () => {
  const { status, output, problem } = execute(inputOf());
  assert.deepEqual([status, problem], [0, '']);
  const { shard, digest } = parseRequest(KernelOutputSchema, fromJsonString(KernelOutputSchema, output));
  assert.deepEqual([shard?.scenarioCount, shard?.minMinor, shard?.maxMinor], [10n, -500n, 500n]);
  assert.deepEqual([shard?.tailMinor.length, shard?.worst.length, digest.length], [10, 10, 64]);
});

const REFUSED: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['nothing', '', 'is no KernelInput'],
  ['broken JSON', '{', 'is no KernelInput'],
  ['no UTF-8', Uint8Array.of(0xff), 'is no KernelInput: it is not UTF-8'],
  ['an empty input', '{}', 'spec: '],
  ['a field nobody knows', '{"spek": {}}', 'spek'],
  ['what a rule of the contract forbids', inputOf({ range: { count: '11' } }), '2^32'],
  [
    'a factor that is no number',
    inputOf({ spec: { growthFactors: [1, 'NaN'] } }),
    'growth_factors: day 1, asset 0',
  ],
  ['a result too large', inputOf({ spec: { growthFactors: [1e300, 1e300] } }), 'beyond 2^43'],
];

for (const [name, input, expected] of REFUSED) {
  test(`${name}: one sentence and exit code 2`, () => {
    const { status, output, problem } = execute(input);
    assert.deepEqual([status, output], [2, '']);
    assert.match(problem, /^simulate: .*\n$/);
    assert.ok(problem.includes(expected), problem);
  });
}

test('options nobody knows: one sentence and exit code 2', () => {
  for (const options of [['--path', 'abacus'], ['--colour']]) {
    const { status, problem } = execute('', ...options);
    assert.equal(status, 2);
    assert.match(problem, /^simulate: .*\n$/);
  }
});

for (const path of paths) {
  test(`${path}: the bench answers each line`, () => {
    const lines = [JSON.stringify(SPEC), JSON.stringify(RANGE), JSON.stringify({ first: '0', count: '5' })];
    const { status, output, problem } = execute(lines.join('\n'), '--bench', '--path', path);
    assert.deepEqual([status, problem], [0, '']);
    const [ready, first, second, ...more] = output.trimEnd().split('\n');
    assert.equal(ready, JSON.stringify({ ready: true, path }));
    assert.deepEqual(more, []);
    const { digest } = JSON.parse(execute(inputOf()).output);
    const { digest: measured, cpuSeconds, wallSeconds } = JSON.parse(first ?? '');
    assert.equal(measured, digest);
    assert.ok(cpuSeconds >= 0 && wallSeconds > 0);
    assert.notEqual(JSON.parse(second ?? '').digest, digest);
  });
}

test('the bench refuses what is no spec and what is no range', () => {
  for (const [input, expected] of [
    ['', 'ends before a SimulationSpec'],
    ['{', 'is no SimulationSpec'],
    [`${JSON.stringify(SPEC)}\n{"first": "x"}\n`, 'is no ScenarioRange'],
    [`${JSON.stringify(SPEC)}\n{"first": "1", "count": "4294967296"}\n`, '2^32'],
  ] as const) {
    const { status, problem } = execute(input, '--bench');
    assert.equal(status, 2);
    assert.match(problem, /^simulate: .*\n$/);
    assert.ok(problem.includes(expected), problem);
  }
});
