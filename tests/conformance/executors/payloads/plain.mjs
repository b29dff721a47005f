// Tagged values, in which nothing is lost, to JavaScript's own and back.

const readers = {
  nothing: () => undefined,
  null: () => null,
  bool: (value) => value,
  // A bigint where a number would be another number.
  int: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)),
  bigint: (text) => BigInt(text),
  number: Number,
  float: (text) => (text.endsWith('inf') ? Number(`${text}inity`.replace('inf', 'Inf')) : Number(text)),
  string: (value) => value,
  bytes: (text) => new Uint8Array(Buffer.from(text, 'base64')),
  list: (values) => values.map(fromTagged),
  map: (entries) => Object.fromEntries(entries.map(([key, value]) => [key, fromTagged(value)])),
  dictionary: (entries) => new Map(entries.map(([key, value]) => [key, fromTagged(value)])),
  set: (values) => new Set(values.map(fromTagged)),
  datetime: (text) => new Date(text),
  enum: (number) => number,
  record: (entries) => Object.fromEntries(entries.map(([key, value]) => [key, fromTagged(value)])),
};

export function fromTagged(tagged) {
  const [[kind, value]] = Object.entries(tagged);
  const reader = readers[kind];
  if (reader === undefined) {
    throw new TypeError(`JavaScript has no ${kind}`);
  }
  return reader(value);
}

// Where a value is told by its depth alone: neither JSON nor this program could tell it whole.
const DEEPEST = 100;

export function toTagged(value) {
  const levels = depth(value);
  return levels > DEEPEST ? { deep: String(levels) } : tag(value);
}

// Level by level, since values may be deeper than the stack.
function depth(value) {
  let levels = 0;
  for (let level = [value].filter(isHolder); level.length > 0; levels += 1) {
    level = level.flatMap(Object.values).filter(isHolder);
  }
  return levels;
}

const isHolder = (value) => typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

function tag(value) {
  if (value === undefined) {
    return { nothing: null };
  }
  if (value === null) {
    return { null: null };
  }
  if (value instanceof Uint8Array) {
    return { bytes: Buffer.from(value).toString('base64') };
  }
  if (Array.isArray(value)) {
    return { list: value.map(tag) };
  }
  switch (typeof value) {
    case 'boolean':
      return { bool: value };
    case 'number':
      return { number: Object.is(value, -0) ? '-0' : String(value) };
    case 'string':
      return { string: value };
    case 'object':
      return { map: Object.entries(value).map(([key, child]) => [key, tag(child)]) };
    default:
      throw new TypeError(`cannot tell a ${typeof value}`);
  }
}
