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

export function toTagged(value) {
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
    return { list: value.map(toTagged) };
  }
  switch (typeof value) {
    case 'boolean':
      return { bool: value };
    case 'number':
      return { number: Object.is(value, -0) ? '-0' : String(value) };
    case 'string':
      return { string: value };
    case 'object':
      return { map: Object.entries(value).map(([key, child]) => [key, toTagged(child)]) };
    default:
      throw new TypeError(`cannot tell a ${typeof value}`);
  }
}
