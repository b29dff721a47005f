/**
 * The inner loop in AssemblyScript, with vectors of 128 bits. It computes as plain.ts does, in the same order; a vector
 * holds the words of four scenarios, or two assets' products of one scenario, or the results of two.
 */

/** A row of a whole lane is 8 doubles, 64 bytes, a line of the processor's cache; one of the half lane 4. */
const WHOLE: u32 = 8;
const HALF: u32 = 4;
const DOUBLE: u32 = 8;

let days: u32 = 0;
let assets: u32 = 0;
let horizon: u32 = 0;
let blockDays: u32 = 0;

// Addresses.
let schedule: u32 = 0;
let exposures: u32 = 0;
let results: u32 = 0;
let drawn: u32 = 0;
let growth: u32 = 0;

/** From one scenario's days to the next's, in bytes. */
let stride: u32 = 0;

/** Where free memory begins. */
export function heapBase(): usize {
  return __heap_base;
}

export function arrange(days_: u32, assets_: u32, horizon_: u32, blockDays_: u32): void {
  days = days_;
  assets = assets_;
  horizon = horizon_;
  blockDays = blockDays_;
  stride = ((horizon + 1) & ~1) << 2;
}

/**
 * Says where the host has put things: int32[12] key schedule; double[A, padded to 4] exposures; room for a chunk's
 * results and days; the lanes' growth, one after another, a row for each day.
 */
export function place(schedule_: u32, exposures_: u32, results_: u32, drawn_: u32, growth_: u32): void {
  schedule = schedule_;
  exposures = exposures_;
  results = results_;
  drawn = drawn_;
  growth = growth_;
}

/** Computes the results of `count` scenarios from `first` on, and of up to 3 more. */
export function produce(first: u32, count: u32): void {
  const whole = (count + 3) & ~3;
  drawDays(first, whole);
  memory.fill(results, 0, whole * DOUBLE);
  let lane = growth;
  let weights = exposures;
  for (let asset: u32 = 0; asset < assets; asset += WHOLE) {
    if (assets - asset > HALF) {
      addWhole(lane, weights, whole);
    } else {
      addHalf(lane, weights, whole);
    }
    lane += days * WHOLE * DOUBLE;
    weights += WHOLE * DOUBLE;
  }
}

/** Fills in the days of scenarios, four at a time. */
function drawDays(first: u32, count: u32): void {
  const pairs = (horizon + 2 * blockDays - 1) / (2 * blockDays);
  const k0 = v128.load_splat<u32>(schedule);
  const k1 = load<u32>(schedule, 4);
  const total = i32x4.splat(days);
  let to = drawn;
  for (let i: u32 = 0; i < count; i += 4) {
    const counter = i32x4.add(i32x4.add(i32x4.splat(first + i), i32x4(0, 1, 2, 3)), k0);
    for (let pair: u32 = 0; pair < pairs; pair++) {
      let x0 = counter;
      let x1 = i32x4.splat(pair + k1);
      for (let injection = schedule + 8; ; injection += 8) {
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 13), x0);
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 15), x0);
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 26), x0);
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 6), x0);
        x0 = i32x4.add(x0, v128.load_splat<u32>(injection));
        x1 = i32x4.add(x1, v128.load_splat<u32>(injection, 4));
        if (injection === schedule + 40) {
          break;
        }
        injection += 8;
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 17), x0);
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 29), x0);
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 16), x0);
        x0 = i32x4.add(x0, x1);
        x1 = v128.xor(rotate(x1, 24), x0);
        x0 = i32x4.add(x0, v128.load_splat<u32>(injection));
        x1 = i32x4.add(x1, v128.load_splat<u32>(injection, 4));
      }
      x0 = scale(x0, total);
      x1 = scale(x1, total);
      if (blockDays === 1) {
        storePairs(to + (pair << 3), x0, x1);
      } else {
        fillBlocks(to, 2 * pair * blockDays, x0);
        fillBlocks(to, (2 * pair + 1) * blockDays, x1);
      }
    }
    to += 4 * stride;
  }
}

function rotate(words: v128, bits: i32): v128 {
  return v128.or(v128.shl<u32>(words, bits), v128.shr<u32>(words, 32 - bits));
}

/** Maps random words to [0, total): the high halves of their products. */
function scale(words: v128, total: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(words, total);
  const high = i64x2.extmul_high_i32x4_u(words, total);
  return v128.shuffle<u32>(low, high, 1, 3, 5, 7);
}

/** Stores two days that follow each other in each of four scenarios. */
function storePairs(to: u32, even: v128, odd: v128): void {
  const low = v128.shuffle<u32>(even, odd, 0, 4, 1, 5);
  const high = v128.shuffle<u32>(even, odd, 2, 6, 3, 7);
  v128.store_lane<u64>(to, low, 0);
  v128.store_lane<u64>(to + stride, low, 1);
  v128.store_lane<u64>(to + 2 * stride, high, 0);
  v128.store_lane<u64>(to + 3 * stride, high, 1);
}

/** Fills in a block of consecutive days in each of four scenarios. */
function fillBlocks(to: u32, from: u32, firsts: v128): void {
  fillBlock(to, from, i32x4.extract_lane(firsts, 0));
  fillBlock(to + stride, from, i32x4.extract_lane(firsts, 1));
  fillBlock(to + 2 * stride, from, i32x4.extract_lane(firsts, 2));
  fillBlock(to + 3 * stride, from, i32x4.extract_lane(firsts, 3));
}

function fillBlock(to: u32, from: u32, first: u32): void {
  let day = first;
  const end = min(from + blockDays, horizon);
  for (let h = from; h < end; h++) {
    store<u32>(to + (h << 2), day);
    day = day + 1 === days ? 0 : day + 1;
  }
}

/** Adds the profit or loss of a lane of 8 assets to each scenario's, two scenarios at a time. */
function addWhole(lane: u32, weights: u32, count: u32): void {
  let at = drawn;
  for (let i: u32 = 0; i < count; i += 2) {
    let a = lane + (load<u32>(at) << 6);
    let b = lane + (load<u32>(at + stride) << 6);
    let a0 = v128.load(a);
    let a1 = v128.load(a, 16);
    let a2 = v128.load(a, 32);
    let a3 = v128.load(a, 48);
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let b2 = v128.load(b, 32);
    let b3 = v128.load(b, 48);
    const end = at + (horizon << 2);
    for (let day = at + 4; day < end; day += 4) {
      a = lane + (load<u32>(day) << 6);
      b = lane + (load<u32>(day + stride) << 6);
      a0 = f64x2.mul(a0, v128.load(a));
      a1 = f64x2.mul(a1, v128.load(a, 16));
      a2 = f64x2.mul(a2, v128.load(a, 32));
      a3 = f64x2.mul(a3, v128.load(a, 48));
      b0 = f64x2.mul(b0, v128.load(b));
      b1 = f64x2.mul(b1, v128.load(b, 16));
      b2 = f64x2.mul(b2, v128.load(b, 32));
      b3 = f64x2.mul(b3, v128.load(b, 48));
    }
    const to = results + (i << 3);
    let sums = v128.load(to);
    sums = addTwo(sums, a0, b0, v128.load(weights));
    sums = addTwo(sums, a1, b1, v128.load(weights, 16));
    sums = addTwo(sums, a2, b2, v128.load(weights, 32));
    sums = addTwo(sums, a3, b3, v128.load(weights, 48));
    v128.store(to, sums);
    at += 2 * stride;
  }
}

/** The same for a lane of 4 assets. */
function addHalf(lane: u32, weights: u32, count: u32): void {
  let at = drawn;
  for (let i: u32 = 0; i < count; i += 2) {
    let a = lane + (load<u32>(at) << 5);
    let b = lane + (load<u32>(at + stride) << 5);
    let a0 = v128.load(a);
    let a1 = v128.load(a, 16);
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    const end = at + (horizon << 2);
    for (let day = at + 4; day < end; day += 4) {
      a = lane + (load<u32>(day) << 5);
      b = lane + (load<u32>(day + stride) << 5);
      a0 = f64x2.mul(a0, v128.load(a));
      a1 = f64x2.mul(a1, v128.load(a, 16));
      b0 = f64x2.mul(b0, v128.load(b));
      b1 = f64x2.mul(b1, v128.load(b, 16));
    }
    const to = results + (i << 3);
    let sums = v128.load(to);
    sums = addTwo(sums, a0, b0, v128.load(weights));
    sums = addTwo(sums, a1, b1, v128.load(weights, 16));
    v128.store(to, sums);
    at += 2 * stride;
  }
}

/** Adds two assets' profit or loss to the sums of two scenarios, `a` and `b`: the first asset's, then the second's. */
function addTwo(sums: v128, a: v128, b: v128, weights: v128): v128 {
  const one = f64x2.splat(1);
  const ofA = f64x2.mul(weights, f64x2.sub(a, one));
  const ofB = f64x2.mul(weights, f64x2.sub(b, one));
  const withFirst = f64x2.add(sums, v128.shuffle<u64>(ofA, ofB, 0, 2));
  return f64x2.add(withFirst, v128.shuffle<u64>(ofA, ofB, 1, 3));
}
