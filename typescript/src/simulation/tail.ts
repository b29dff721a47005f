/**
 * A shard's tail as the field `tail_minor` of the message: packed, zigzag, in base 128. A tail may have 215 million
 * results, of which protobuf-es would make an object each, more than a heap holds.
 */

const CONTINUED = 0x80;
const BITS = 0x7f;
const WORD = 2 ** 32;
/** That a varint of 64 bits takes. */
const MAX_BYTES = 10;

/** How many bytes `packTail` writes. Throws RangeError where a result is no integer that a number holds exactly. */
export function packedLength(tail: Float64Array): number {
  let length = 0;
  for (const value of tail) {
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(`a result of ${value} is no integer of minor units that a number holds`);
    }
    // Zigzag takes one bit for the sign.
    const magnitude = value < 0 ? -(value + 1) : value;
    length += 1;
    for (let limit = 2 ** 6; magnitude >= limit; limit *= 2 ** 7) {
      length += 1;
    }
  }
  return length;
}

/** Writes results that `packedLength` has accepted, and returns where they end. */
export function packTail(tail: Float64Array, content: Uint8Array, at: number): number {
  let end = at;
  for (const value of tail) {
    // By halves, since operators on bits take 32 of them.
    const above = Math.floor(value / WORD);
    const sign = above >> 31;
    let low = ((value << 1) ^ sign) >>> 0;
    let high = (((above << 1) | (value >>> 31)) ^ sign) >>> 0;
    while (high > 0 || low >= CONTINUED) {
      content[end++] = (low & BITS) | CONTINUED;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    content[end++] = low;
  }
  return end;
}

/** Reads what `packTail` writes, from pieces that follow each other. Throws RangeError where they hold anything else. */
export function unpackTail(pieces: readonly Uint8Array[]): Float64Array {
  const tail = new Float64Array(pieces.reduce((length, piece) => length + countOf(piece), 0));
  let at = 0;
  for (const piece of pieces) {
    at = unpack(piece, tail, at);
  }
  return tail;
}

function countOf(piece: Uint8Array): number {
  let count = 0;
  // An iterator takes several times longer.
  for (let i = 0; i < piece.length; i++) {
    count += (piece[i] as number) < CONTINUED ? 1 : 0;
  }
  return count;
}

function unpack(piece: Uint8Array, tail: Float64Array, at: number): number {
  let next = at;
  let low = 0;
  let high = 0;
  let bytes = 0;
  for (let i = 0; i < piece.length; i++) {
    const byte = piece[i] as number;
    const bits = byte & BITS;
    const shift = 7 * bytes++;
    if (shift < 28) {
      low |= bits << shift;
    } else if (shift === 28) {
      low |= bits << 28;
      high = bits >>> 4;
    } else {
      high |= bits << (shift - 32);
    }
    if (byte < CONTINUED) {
      tail[next++] = numberOf(low, high);
      low = 0;
      high = 0;
      bytes = 0;
    } else if (bytes === MAX_BYTES) {
      throw new RangeError(`tail_minor: a varint has more than ${MAX_BYTES} bytes`);
    }
  }
  if (bytes > 0) {
    throw new RangeError('tail_minor: it ends within a varint');
  }
  return next;
}

/** Undoes zigzag. */
function numberOf(low: number, high: number): number {
  const sign = -(low & 1);
  const above = (high >>> 1) ^ sign;
  const below = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
  const value = above * WORD + below;
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`tail_minor: a result of ${value} minor units is beyond what a number holds`);
  }
  return value;
}
