/** Measures the data converter: the protocol is in python/src/triglot/bench/converting.py. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';
import type { PayloadConverter } from '@temporalio/common';
import type { PayloadEncoding } from 'protobuf-es-payload-converter';
import type { Shard, SimulationSpec } from '../gen/triglot/risk/v1/simulation_pb.js';
import { parseRequest } from '../temporal/contract.js';
import { contractConverter } from '../temporal/contract-converter.js';
import { contractRegistry } from '../temporal/contract-registry.js';

interface Described {
  readonly type: string;
  readonly json: JsonValue;
}

interface Question {
  readonly message: string;
  readonly encoding: PayloadEncoding;
  readonly operation: string;
  /** Whose numbers are summed when reading, by its name in the contract. */
  readonly field?: string;
  readonly seconds: number;
}

/** The CPU time of the whole process over a number of messages. */
interface Cost {
  readonly cpuSeconds: number;
  readonly count: number;
  readonly bytes: number;
}

/**
 * Answers measurements until the questions end. The first line has the messages by name and is answered by
 * `{"ready":true}`; each further line asks for one measurement.
 */
export async function measurePayloads(questions: Readable, answers: Writable): Promise<void> {
  let messages: Map<string, Message> | undefined;
  for await (const line of createInterface({ input: questions })) {
    let answer: object;
    if (messages === undefined) {
      const described = Object.entries<Described>(JSON.parse(line));
      messages = new Map(described.map(([name, each]) => [name, parse(each)]));
      answer = { ready: true };
    } else {
      answer = measure(messages, JSON.parse(line));
    }
    answers.write(`${JSON.stringify(answer)}\n`);
  }
}

function parse({ type, json }: Described): Message {
  const schema = contractRegistry.getMessage(type);
  if (schema === undefined) {
    throw new Error(`there is no message type ${type}`);
  }
  return fromJson(schema, json);
}

function measure(messages: ReadonlyMap<string, Message>, question: Question): Cost {
  const message = messages.get(question.message);
  if (message === undefined) {
    throw new Error(`there is no message ${question.message}`);
  }
  const converter = contractConverter(contractRegistry, question.encoding);
  const payload = converter.toPayload(message);
  const work = operation(converter, message, question);
  return { ...repeat(work, question.seconds), bytes: payload.data?.length ?? 0 };
}

function operation(converter: PayloadConverter, message: Message, question: Question): () => unknown {
  const payload = converter.toPayload(message);
  switch (question.operation) {
    case 'encode':
      return () => converter.toPayload(message);
    case 'decode':
      return () => converter.fromPayload(payload);
    case 'read': {
      const schema = contractRegistry.getMessage(message.$typeName);
      if (schema === undefined) {
        throw new Error(`there is no message type ${message.$typeName}`);
      }
      const add = summation(question.field);
      return () => add(parseRequest(schema, converter.fromPayload(payload)));
    }
    default:
      throw new Error(`there is no operation ${question.operation}`);
  }
}

/** Returns what adds up the numbers of a field. */
function summation(field: string | undefined): (message: Message) => number | bigint {
  switch (field) {
    case undefined:
      return () => 0;
    case 'tail_minor':
      return (message) => (message as Shard).tailMinor.reduce((sum, each) => sum + each, 0n);
    case 'growth_factors':
      return (message) => (message as SimulationSpec).growthFactors.reduce((sum, each) => sum + each, 0);
    default:
      throw new Error(`there is no field ${field} to sum`);
  }
}

/** Works until the time is over, at least once. */
function repeat(work: () => unknown, seconds: number) {
  const begun = process.cpuUsage();
  const deadline = performance.now() + seconds * 1000;
  let count = 0;
  do {
    work();
    count += 1;
  } while (performance.now() < deadline);
  const { user, system } = process.cpuUsage(begun);
  return { cpuSeconds: (user + system) / 1e6, count };
}
