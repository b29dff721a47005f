/*
 * The kernel of docs/kernel.md in C: what the other languages' speed is measured against. It is compiled by the
 * benchmark for the very processor it runs on, and used nowhere else.
 *
 * GCC's vector types instead of plain loops, which compilers turn into half the speed. Nothing here may be fused
 * or reassociated: it is compiled with -ffp-contract=off and without -ffast-math.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define WORDS 16
#else
#define WORDS 8
#endif
#define DOUBLES 4
#define BINS 2000
#define WORST 100
#define MAX_VECTORS 6 /* of products that are held in registers at once */
#define CHUNK 256
#define INLINE static inline __attribute__((always_inline))

typedef uint32_t words __attribute__((vector_size(4 * WORDS)));
typedef double doubles __attribute__((vector_size(8 * DOUBLES)));

/* What python/src/triglot/bench/native/library.py fills in, field by field. */
typedef struct {
    uint32_t days, assets, horizon, block;
    uint64_t seed;
    int64_t low, width;
    const double *growth; /* [days][assets] */
    const int64_t *exposures;
    uint64_t first;
    int64_t count, keep; /* scenarios; how many of the smallest results */
} input;

typedef struct {
    int64_t min, max;
    uint64_t sum, bitsum; /* modulo 2^64; the caller refuses what may exceed int64 */
    int64_t *bins;  /* [BINS], all 0 */
    int64_t *tail;  /* [keep] */
    int64_t *worst; /* [WORST][2]: result, scenario */
    int64_t worst_count;
    uint64_t failed_scenario;
} output;

enum { OK, OUT_OF_MEMORY, RESULT_TOO_LARGE };

typedef struct {
    const input *in;
    output *out;
    size_t stride;  /* assets of a row, padded */
    double *growth; /* [days][stride], padded with 1 */
    double *exposures;
    uint32_t *offsets; /* [horizon][chunk]: where the drawn day's row begins, in doubles */
    int chunk;
    int64_t *tail, *spare;
    int64_t tail_length, tail_room, limit, worst_limit;
    words key[12];
} state;

INLINE words rotated(words x, int by) { return x << by | x >> (32 - by); }

INLINE void threefry(const words key[12], words c0, words c1, words *r0, words *r1)
{
    static const int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
    words x0 = c0 + key[0], x1 = c1 + key[1];
#pragma GCC unroll 20
    for (int round = 0; round < 20; round++) {
        x0 += x1;
        x1 = rotated(x1, rotations[round % 8]) ^ x0;
        if (round % 4 == 3) {
            x0 += key[2 + round / 4 * 2];
            x1 += key[3 + round / 4 * 2];
        }
    }
    *r0 = x0;
    *r1 = x1;
}

static void schedule(words key[12], uint64_t seed)
{
    uint32_t k[3] = {(uint32_t)seed, (uint32_t)(seed >> 32), 0};
    k[2] = 0x1bd11bda ^ k[0] ^ k[1];
    for (uint32_t i = 0; i < 6; i++) {
        key[2 * i] = (words){} + k[i % 3];
        key[2 * i + 1] = (words){} + (k[(i + 1) % 3] + i);
    }
}

/* Writes the rows of one draw's block of days for WORDS scenarios, as far as the horizon goes. */
INLINE uint32_t write_block(const state *s, words x, uint32_t h, uint32_t at)
{
    const uint32_t days = s->in->days;
    words day = ((x >> 16) * days + (((x & 0xffff) * days) >> 16)) >> 16;
    for (uint32_t i = 0; i < s->in->block && h < s->in->horizon; i++, h++) {
        *(words *)(s->offsets + (size_t)h * CHUNK + at) = day * (uint32_t)s->stride;
        day += 1;
        day -= (words)(day >= days) & days;
    }
    return h;
}

static void draw(const state *s, uint32_t first, int count)
{
    words lane;
    for (int i = 0; i < WORDS; i++)
        lane[i] = (uint32_t)i;
    for (uint32_t at = 0; at < (uint32_t)count; at += WORDS) {
        words pair = {};
        for (uint32_t h = 0; h < s->in->horizon; pair += 1) {
            words x0, x1;
            threefry(s->key, lane + (first + at), pair, &x0, &x1);
            h = write_block(s, x0, h, at);
            h = write_block(s, x1, h, at);
        }
    }
}

/* Adds the profit or loss of n vectors of assets to each scenario's. */
INLINE void add_vectors(const state *s, int n, size_t column, int count, double *results)
{
    const double *growth = s->growth + column;
    const doubles *exposures = (const doubles *)(s->exposures + column);
    for (int i = 0; i < count; i++) {
        const uint32_t *offset = s->offsets + i;
        const doubles *row = (const doubles *)(growth + *offset);
        union {
            doubles vector[MAX_VECTORS];
            double each[MAX_VECTORS * DOUBLES];
        } p;
        doubles product[MAX_VECTORS];
#pragma GCC unroll 6
        for (int v = 0; v < n; v++)
            product[v] = row[v];
        for (uint32_t h = 1; h < s->in->horizon; h++) {
            offset += CHUNK;
            row = (const doubles *)(growth + *offset);
#pragma GCC unroll 6
            for (int v = 0; v < n; v++)
                product[v] *= row[v];
        }
#pragma GCC unroll 6
        for (int v = 0; v < n; v++)
            p.vector[v] = exposures[v] * (product[v] - 1.0);
        double result = results[i];
#pragma GCC unroll 24
        for (int a = 0; a < n * DOUBLES; a++)
            result += p.each[a];
        results[i] = result;
    }
}

static void add_all(const state *s, int count, double *results)
{
    memset(results, 0, sizeof(double) * (size_t)count);
    for (size_t column = 0; column < s->stride; column += MAX_VECTORS * DOUBLES) {
        switch ((s->stride - column) / DOUBLES) {
        case 1: add_vectors(s, 1, column, count, results); break;
        case 2: add_vectors(s, 2, column, count, results); break;
        case 3: add_vectors(s, 3, column, count, results); break;
        case 4: add_vectors(s, 4, column, count, results); break;
        case 5: add_vectors(s, 5, column, count, results); break;
        default: add_vectors(s, 6, column, count, results);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts ascending: by digits of 11 bits, since comparisons would cost a tenth of the whole. */
static void sort(int64_t *values, int64_t *spare, int64_t n)
{
    if (n < 2048) {
        qsort(values, (size_t)n, sizeof *values, by_value);
        return;
    }
    int64_t low = values[0], high = values[0], *from = values, *to = spare;
    for (int64_t i = 1; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    for (int shift = 0; (uint64_t)(high - low) >> shift; shift += 11) {
        int64_t places[2048] = {0};
        for (int64_t i = 0; i < n; i++)
            places[((uint64_t)(from[i] - low) >> shift) & 2047]++;
        for (int64_t i = 0, at = 0; i < 2048; i++) {
            int64_t size = places[i];
            places[i] = at;
            at += size;
        }
        for (int64_t i = 0; i < n; i++)
            to[places[((uint64_t)(from[i] - low) >> shift) & 2047]++] = from[i];
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != values)
        memcpy(values, from, sizeof *values * (size_t)n);
}

/* Makes room: by the histogram's counts where they say enough, since sorting costs more. */
static void drop(state *s)
{
    const input *in = s->in;
    int64_t below = 0, bin = 0;
    while (below < in->keep)
        below += s->out->bins[bin++];
    if (bin < BINS && below <= in->keep + in->keep / 4) {
        int64_t limit = in->low + bin * in->width, kept = 0;
        for (int64_t i = 0; i < s->tail_length; i++) {
            int64_t value = s->tail[i];
            s->tail[kept] = value;
            kept += value < limit;
        }
        s->tail_length = kept;
        s->limit = limit < s->limit ? limit : s->limit;
    } else {
        sort(s->tail, s->spare, s->tail_length);
        s->tail_length = in->keep;
        s->limit = s->tail[in->keep - 1];
    }
}

static void add_worst(state *s, int64_t pnl, uint64_t scenario)
{
    output *out = s->out;
    int64_t at = out->worst_count < WORST ? out->worst_count++ : WORST - 1;
    /* Scenarios ascend, so an equal result stays before. */
    for (; at > 0 && out->worst[2 * (at - 1)] > pnl; at--)
        memcpy(out->worst + 2 * at, out->worst + 2 * (at - 1), 2 * sizeof *out->worst);
    out->worst[2 * at] = pnl;
    out->worst[2 * at + 1] = (int64_t)scenario;
    if (out->worst_count == WORST)
        s->worst_limit = out->worst[2 * (WORST - 1)];
}

/* Rounds a chunk's results and counts them in; the scenario at fault, or count. */
static int collect(state *s, uint32_t first, int count, const double *results)
{
    const double rounder = 6755399441055744.0, limit = 8796093022208.0;
    const double low = (double)s->in->low, width = (double)s->in->width;
    output *out = s->out;
    int64_t pnl[CHUNK], rounder_bits, min = out->min, max = out->max, smallest = INT64_MAX;
    int32_t bins[CHUNK];
    uint64_t sum = 0, bitsum = 0;
    int bad = 0;
    memcpy(&rounder_bits, &rounder, sizeof rounder);
    for (int i = 0; i < count; i++) {
        double shifted = results[i] + rounder, rounded = shifted - rounder;
        int64_t bits;
        uint64_t raw;
        bad |= !(fabs(rounded) <= limit);
        memcpy(&bits, &shifted, sizeof bits);
        memcpy(&raw, results + i, sizeof raw);
        pnl[i] = bits - rounder_bits; /* the low bits of the shifted double are the integer */
        bitsum += raw;
    }
    if (bad) {
        for (int i = 0; i < count; i++)
            if (!(fabs(results[i] + rounder - rounder) <= limit))
                return i;
    }
    for (int i = 0; i < count; i++) {
        sum += (uint64_t)pnl[i];
        min = pnl[i] < min ? pnl[i] : min;
        max = pnl[i] > max ? pnl[i] : max;
        smallest = pnl[i] < smallest ? pnl[i] : smallest;
    }
    if (s->in->low > -(INT64_C(1) << 51)) {
        /* Below 2^52 a quotient of doubles never rounds up to the next integer, and is several times faster. */
        for (int i = 0; i < count; i++) {
            double bin = (results[i] + rounder - rounder - low) / width;
            bin = bin > 0 ? bin : 0;
            bins[i] = (int32_t)(bin < BINS - 1 ? bin : BINS - 1);
        }
    } else {
        for (int i = 0; i < count; i++)
            bins[i] = (int32_t)((uint64_t)(pnl[i] - s->in->low) / (uint64_t)s->in->width);
    }
    int64_t length = s->tail_length;
    for (int i = 0; i < count; i++) {
        out->bins[bins[i]]++;
        s->tail[length] = pnl[i];
        length += pnl[i] < s->limit;
    }
    s->tail_length = length;
    if (smallest < s->worst_limit)
        for (int i = 0; i < count; i++)
            if (pnl[i] < s->worst_limit)
                add_worst(s, pnl[i], (uint64_t)first + (uint64_t)i);
    out->sum += sum;
    out->min = min;
    out->max = max;
    out->bitsum += bitsum;
    if (s->tail_length + CHUNK > s->tail_room)
        drop(s);
    return count;
}

static int run(state *s)
{
    double results[CHUNK];
    for (int64_t done = 0; done < s->in->count;) {
        int64_t left = s->in->count - done;
        int count = left < s->chunk ? (int)left : s->chunk;
        uint32_t first = (uint32_t)(s->in->first + (uint64_t)done);
        draw(s, first, count);
        add_all(s, count, results);
        int collected = collect(s, first, count, results);
        if (collected < count) {
            s->out->failed_scenario = first + (uint64_t)collected;
            return RESULT_TOO_LARGE;
        }
        done += count;
    }
    sort(s->tail, s->spare, s->tail_length);
    memcpy(s->out->tail, s->tail, sizeof *s->tail * (size_t)s->in->keep);
    return OK;
}

static void *aligned(size_t size) { return aligned_alloc(64, (size + 63) / 64 * 64); }

static int arrange(state *s)
{
    const input *in = s->in;
    s->stride = (in->assets + DOUBLES - 1) / DOUBLES * DOUBLES;
    s->tail_room = in->keep + in->keep / 2 + 8 * CHUNK;
    s->growth = aligned(sizeof(double) * in->days * s->stride);
    s->exposures = aligned(sizeof(double) * s->stride);
    s->offsets = aligned(sizeof(uint32_t) * in->horizon * CHUNK);
    s->tail = aligned(sizeof(int64_t) * (size_t)s->tail_room);
    s->spare = aligned(sizeof(int64_t) * (size_t)s->tail_room);
    if (!s->growth || !s->exposures || !s->offsets || !s->tail || !s->spare)
        return OUT_OF_MEMORY;
    for (size_t a = 0; a < s->stride; a++) {
        s->exposures[a] = a < in->assets ? (double)in->exposures[a] : 0;
        for (size_t d = 0; d < in->days; d++)
            s->growth[d * s->stride + a] = a < in->assets ? in->growth[d * in->assets + a] : 1;
    }
    schedule(s->key, in->seed);
    return OK;
}

/* Simulates; the input has been checked. */
int triglot_simulate(const input *in, output *out)
{
    state s = {.in = in, .out = out, .limit = INT64_MAX, .worst_limit = INT64_MAX, .chunk = CHUNK};
    out->min = INT64_MAX;
    out->max = INT64_MIN;
    int code = arrange(&s);
    if (code == OK)
        code = run(&s);
    free(s.growth);
    free(s.exposures);
    free(s.offsets);
    free(s.tail);
    free(s.spare);
    return code;
}
