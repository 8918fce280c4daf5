/* Runs kernels thread by thread; see emulation.h and docs/gpu.md. */
#include "emulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fibre.h"
#include "kernels_emulated.h"
#include "nn/cuda/kernels/launch.h"

#include "emulation_kernel_side.h"

namespace
{

enum {
    STACK_BYTES = 64 << 10,
    MAX_THREADS = 256,
    MAX_SHARED = 227 << 10, /* the most that any architecture grants a block */
    MAX_GROUPS = 8,         /* of copies under way */
    MAX_COPIES = 16,        /* in a group */
    SEVERAL = 0xFFFF
};

struct Copy {
    uint32_t target;
    uint32_t epoch; /* when it was issued */
    const void *source;
    int bytes;
};

struct Group {
    Copy copies[MAX_COPIES];
    int count;
};

struct Fibre {
    FibreContext context;
    bool alive;                /* runs the endless loop of fibre_entry */
    bool done;                 /* with this block */
    const uint32_t *waits_for; /* blocked while *waits_for == waits_value */
    uint32_t waits_value;
    Group groups[MAX_GROUPS]; /* committed, oldest first, then the open one */
    int committed;
};

/* What the lanes of a warp have put down for the instruction under way. */
struct Warp {
    int arrived;
    uint32_t turn;
    void *results[32];
    const void *operands[32];
    const void *more_operands[32];
};

/* Who touched a word of shared memory last, and between which barriers. */
struct Word {
    uint32_t written; /* epoch */
    uint32_t read;
    uint16_t writer; /* thread */
    uint16_t reader; /* thread, or SEVERAL */
};

struct State {
    Fibre fibres[MAX_THREADS];
    Warp warps[MAX_THREADS / 32];
    char *stacks[MAX_THREADS];
    unsigned char shared[MAX_SHARED];
    Word words[MAX_SHARED / 4];
    uint32_t shared_bytes;
    uint32_t epoch; /* counts barriers and blocks */
    uint32_t barrier_turn;
    int at_barrier;
    int live;
    FibreContext scheduler;
    void (*body)(const void *);
    const void *parameters;
    uint32_t seed;
    uint32_t random;
    bool failed;
    char message[256];
    cuda_emulation_counts counts;
    bool ready;
};

State state;

uint32_t next_random()
{
    state.random = state.random * 1664525u + 1013904223u; /* Numerical Recipes */
    return state.random >> 8;
}

/* ---- fibres ---- */

void to_scheduler()
{
    fibre_switch(&state.fibres[emulation::thread].context, &state.scheduler);
}

void wait_while(const uint32_t *turn)
{
    Fibre &fibre = state.fibres[emulation::thread];

    fibre.waits_for = turn;
    fibre.waits_value = *turn;
    to_scheduler();
    fibre.waits_for = nullptr;
}

void release_barrier()
{
    state.at_barrier = 0;
    state.barrier_turn++;
    state.epoch++;
}

void fibre_entry()
{
    fibre_entered();
    for (;;) {
        Fibre &fibre = state.fibres[emulation::thread];
        state.body(state.parameters);
        if (fibre.committed > 0 || fibre.groups[0].count > 0) {
            emulation::fail("a thread ended with copies under way");
        }
        fibre.done = true;
        state.live--;
        if (state.live > 0 && state.at_barrier == state.live) {
            release_barrier(); /* threads that have ended count as arrived */
        }
        to_scheduler();
    }
}

bool prepare_fibre(int index)
{
    Fibre &fibre = state.fibres[index];

    if (!state.stacks[index]) {
        state.stacks[index] = (char *)malloc(STACK_BYTES);
    }
    if (!state.stacks[index]) {
        return false;
    }
    if (!fibre.alive) {
        fibre_create(&fibre.context, state.stacks[index], STACK_BYTES, fibre_entry);
        fibre.alive = true;
    }
    fibre.done = false;
    fibre.waits_for = nullptr;
    fibre.committed = 0;
    fibre.groups[0].count = 0;
    return true;
}

/* After a failure no fibre is where its loop begins: start them all anew. */
void forget_fibres()
{
    for (Fibre &fibre : state.fibres) {
        fibre_forget(&fibre.context);
        fibre.alive = false;
    }
}

/* ---- shared memory ---- */

void note_read(uint32_t address, uint32_t bytes)
{
    const uint16_t me = (uint16_t)emulation::thread;

    for (uint32_t i = address / 4; i < (address + bytes) / 4; i++) {
        Word &word = state.words[i];
        if (word.written == state.epoch && word.writer != me) {
            emulation::fail("shared memory read that another thread writes, no barrier between");
        }
        word.reader = word.read == state.epoch && word.reader != me ? (uint16_t)SEVERAL : me;
        word.read = state.epoch;
    }
}

/* A write that may have happened any time since epoch `since`. */
void note_write(uint32_t address, uint32_t bytes, uint32_t since)
{
    const uint16_t me = (uint16_t)emulation::thread;

    for (uint32_t i = address / 4; i < (address + bytes) / 4; i++) {
        Word &word = state.words[i];
        if (word.read >= since && (word.reader != me || since != state.epoch)) {
            emulation::fail("shared memory written that another thread reads, no barrier between");
        }
        if (word.written >= since && (word.writer != me || since != state.epoch)) {
            emulation::fail("shared memory written twice without a barrier between");
        }
        word.writer = me;
        word.written = state.epoch;
    }
}

void check_address(uint32_t address, uint32_t bytes)
{
    if (address % bytes != 0) {
        emulation::fail("misaligned access to shared memory");
    }
    if ((uint64_t)address + bytes > state.shared_bytes) {
        emulation::fail("access beyond the end of shared memory");
    }
}

void finish_copy(const Copy &copy)
{
    note_write(copy.target, 16, copy.epoch);
    memset(state.shared + copy.target, 0, 16);
    if (copy.bytes > 0) {
        memcpy(state.shared + copy.target, copy.source, (size_t)copy.bytes);
    }
}

/* ---- warps ---- */

/* Let the last lane to arrive call work(warp); the others wait for it. */
template <class Work> void together(void *result, const void *operand, const void *more, Work work)
{
    Warp &warp = state.warps[emulation::thread / 32];
    const int lane = emulation::thread % 32;

    warp.results[lane] = result;
    warp.operands[lane] = operand;
    warp.more_operands[lane] = more;
    if (++warp.arrived < 32) {
        wait_while(&warp.turn);
        return;
    }
    warp.arrived = 0;
    work(warp);
    warp.turn++;
}

/* The four matrices of one ldmatrix, for all lanes. */
void load_matrix_set(Warp &warp, int index)
{
    const int first_lane = emulation::thread / 32 * 32, me = emulation::thread;

    for (int matrix = 0; matrix < 4; matrix++) {
        uint32_t banks = 0; /* eight rows of 16 bytes should meet all 32 banks once */
        for (int row = 0; row < 8; row++) {
            const int lane = matrix * 8 + row;
            const uint32_t address = ((const uint32_t *)warp.operands[lane])[index];
            const uint32_t bank = 1u << address / 16 % 8;
            emulation::thread = first_lane + lane; /* whose access it is */
            const unsigned char *from = emulation::shared_for_reading(address, 16);
            state.counts.bank_conflicts += (banks & bank) != 0;
            banks |= bank;
            for (int word = 0; word < 4; word++) {
                auto *fragments = (uint32_t(*)[4])warp.results[row * 4 + word];
                memcpy(&fragments[index][matrix], from + 4 * word, 4);
            }
        }
    }
    emulation::thread = me;
    state.counts.matrix_loads++;
}

enum { MAX_ROWS = 64, MAX_COLUMNS = 64, DEPTH = 16 };
float left[MAX_ROWS][DEPTH], right[DEPTH][MAX_COLUMNS], product[MAX_ROWS][MAX_COLUMNS];

void unpack_pair(uint32_t pair, float *first, float *second)
{
    *first = emulation::half_values[pair & 0xFFFF];
    *second = emulation::half_values[pair >> 16];
}

/* Operand and result layouts: PTX ISA, "Matrix Fragments for mma.m16n8k16". */
void gather_operands(const Warp &warp, int rows, int pairs)
{
    for (int lane = 0; lane < 32; lane++) {
        const int quad = lane / 4, column = lane % 4 * 2;
        const uint32_t *a = (const uint32_t *)warp.operands[lane];
        const uint32_t *b = (const uint32_t *)warp.more_operands[lane];
        for (int i = 0; i < rows; i++) {
            for (int word = 0; word < 4; word++) {
                float *to = &left[i * 16 + quad + word % 2 * 8][column + word / 2 * 8];
                unpack_pair(a[i * 4 + word], to, to + 1);
            }
        }
        for (int j = 0; j < pairs; j++) {
            for (int word = 0; word < 4; word++) {
                const int k = column + word % 2 * 8, n = j * 16 + word / 2 * 8 + quad;
                unpack_pair(b[j * 4 + word], &right[k][n], &right[k + 1][n]);
            }
        }
    }
}

/* Between the lanes' sums and the array of products. */
template <bool to_lanes> void move_sums(const Warp &warp, int rows, int pairs)
{
    for (int lane = 0; lane < 32; lane++) {
        float *sums = (float *)warp.results[lane];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < 2 * pairs; j++) {
                for (int e = 0; e < 4; e++) {
                    float &mine = sums[(i * 2 * pairs + j) * 4 + e];
                    float &common =
                        product[i * 16 + lane / 4 + e / 2 * 8][j * 8 + lane % 4 * 2 + e % 2];
                    (to_lanes ? mine : common) = to_lanes ? common : mine;
                }
            }
        }
    }
}

void multiply_warp(const Warp &warp, int rows, int pairs)
{
    const int columns = pairs * 16;

    gather_operands(warp, rows, pairs);
    move_sums<false>(warp, rows, pairs);
    for (int i = 0; i < rows * 16; i++) {
        for (int k = 0; k < DEPTH; k++) { /* in order; hardware has an order of its own */
            const float factor = left[i][k];
            for (int j = 0; j < columns; j++) {
                product[i][j] += factor * right[k][j];
            }
        }
    }
    move_sums<true>(warp, rows, pairs);
    state.counts.matrix_products += (uint64_t)(rows * pairs * 2);
}

/* ---- blocks ---- */

/* Give every warp a turn; a warp goes on until its lanes wait for other warps. */
bool run_round(int threads)
{
    const int warps = threads / 32;
    const int first_warp = state.seed ? (int)(next_random() % (uint32_t)warps) : 0;
    const int first_lane = state.seed ? (int)(next_random() % 32) : 0;
    bool moved = false;

    for (int w = 0; w < warps; w++) {
        for (bool again = true; again;) {
            again = false;
            for (int l = 0; l < 32; l++) {
                const int index = (w + first_warp) % warps * 32 + (l + first_lane) % 32;
                Fibre &fibre = state.fibres[index];
                if (fibre.done || (fibre.waits_for && *fibre.waits_for == fibre.waits_value)) {
                    continue;
                }
                emulation::thread = index;
                fibre_switch(&state.scheduler, &fibre.context);
                if (state.failed) {
                    return true;
                }
                again = moved = true;
            }
        }
    }
    return moved;
}

bool run_block(int threads)
{
    memset(state.shared, 0xFF, state.shared_bytes); /* NaN in both formats */
    state.epoch += 2;
    state.at_barrier = 0;
    state.live = threads;
    for (Warp &warp : state.warps) {
        warp.arrived = 0;
    }
    for (int i = 0; i < threads; i++) {
        if (!prepare_fibre(i)) {
            snprintf(state.message, sizeof state.message, "out of memory");
            return false;
        }
    }
    while (state.live > 0) {
        const bool moved = run_round(threads);
        if (!moved && !state.failed) {
            state.failed = true;
            snprintf(state.message, sizeof state.message,
                     "deadlock in block %u,%u,%u: %d of %d threads wait at a barrier or for their "
                     "warp",
                     emulation::block.index[0], emulation::block.index[1],
                     emulation::block.index[2], state.live, threads);
        }
        if (state.failed) {
            return false;
        }
    }
    state.counts.blocks++;
    return true;
}

uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* All blocks, one after another: in order, or by a stride that meets each once. */
bool run_grid(int threads)
{
    const uint32_t *grid = emulation::block.grid;
    const uint64_t count = (uint64_t)grid[0] * grid[1] * grid[2];
    uint64_t stride = 1, at = 0;

    if (state.seed && count > 2) {
        stride = next_random() % count | 1;
        while (common_divisor(stride, count) != 1) {
            stride++;
        }
        at = next_random() % count;
    }
    for (uint64_t i = 0; i < count; i++, at = (at + stride) % count) {
        emulation::block.index[0] = (uint32_t)(at % grid[0]);
        emulation::block.index[1] = (uint32_t)(at / grid[0] % grid[1]);
        emulation::block.index[2] = (uint32_t)(at / grid[0] / grid[1]);
        if (!run_block(threads)) {
            return false;
        }
    }
    return true;
}

int refuse(int code, const char *kernel, const char *why)
{
    snprintf(state.message, sizeof state.message, "%s: %s", kernel, why);
    return code;
}

void prepare_state()
{
    if (state.ready) {
        return;
    }
    for (int i = 0; i < 1 << 16; i++) {
        emulation::half_values[i] = cc_cuda_half_value((uint16_t)i);
    }
    state.ready = true;
}

} /* namespace */

/* ---- for the kernels ---- */

namespace emulation
{

Block block;
int thread;
float half_values[1 << 16];

void fail(const char *what)
{
    snprintf(state.message, sizeof state.message, "%s (block %u,%u,%u thread %d)", what,
             block.index[0], block.index[1], block.index[2], thread);
    state.failed = true;
    to_scheduler();
    abort(); /* nobody resumes a fibre after a failure */
}

void barrier()
{
    if (++state.at_barrier == state.live) {
        release_barrier();
    } else {
        wait_while(&state.barrier_turn);
    }
}

unsigned char *shared_for_reading(uint32_t address, uint32_t bytes)
{
    check_address(address, bytes);
    note_read(address, bytes);
    return state.shared + address;
}

unsigned char *shared_for_writing(uint32_t address, uint32_t bytes)
{
    check_address(address, bytes);
    note_write(address, bytes, state.epoch);
    return state.shared + address;
}

/* Put in a queue; done when the kernel waits for it and not before. */
void copy_async(uint32_t target, const void *source, int bytes)
{
    Fibre &fibre = state.fibres[thread];
    Group &group = fibre.groups[fibre.committed];

    check_address(target, 16);
    if ((uintptr_t)source % 16 != 0) {
        fail("misaligned source of an asynchronous copy");
    }
    if (bytes < 0 || bytes > 16 || bytes % 2 != 0 || group.count == MAX_COPIES) {
        fail("an asynchronous copy of an impossible size, or too many");
    }
    group.copies[group.count++] = {target, state.epoch, source, bytes};
}

void copy_async_commit()
{
    Fibre &fibre = state.fibres[thread];

    if (fibre.committed == MAX_GROUPS - 1) {
        fail("too many groups of asynchronous copies");
    }
    fibre.groups[++fibre.committed].count = 0;
}

void copy_async_wait(int pending)
{
    Fibre &fibre = state.fibres[thread];
    const int finished = fibre.committed - pending;

    if (finished <= 0) {
        return;
    }
    for (int g = 0; g < finished; g++) {
        for (int i = 0; i < fibre.groups[g].count; i++) {
            finish_copy(fibre.groups[g].copies[i]);
        }
    }
    fibre.committed = pending;
    for (int g = 0; g <= pending; g++) { /* the open group comes along */
        fibre.groups[g].count = fibre.groups[g + finished].count;
        memcpy(fibre.groups[g].copies, fibre.groups[g + finished].copies,
               sizeof(Copy) * (size_t)fibre.groups[g].count);
    }
}

void load_matrices(int count, uint32_t (*fragments)[4], const uint32_t *addresses)
{
    together(fragments, addresses, nullptr, [count](Warp &warp) {
        for (int i = 0; i < count; i++) {
            load_matrix_set(warp, i);
        }
    });
}

void multiply_matrices(int rows, int pairs, float *sums, const uint32_t *a, const uint32_t *b)
{
    together(sums, a, b, [rows, pairs](Warp &warp) { multiply_warp(warp, rows, pairs); });
}

float exchange(float value, int mask)
{
    float other = 0;

    together(&other, &value, nullptr, [mask](Warp &warp) {
        for (int lane = 0; lane < 32; lane++) {
            *(float *)warp.results[lane] = *(const float *)warp.operands[lane ^ mask];
        }
    });
    return other;
}

uint32_t half_bits(float value)
{
    return cc_cuda_half(value);
}

uint64_t clock_nanoseconds()
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

} /* namespace emulation */

/* ---- for the tests ---- */

int cuda_emulation_launch(const char *kernel_name, const uint32_t grid[3], const uint32_t block[3],
                          size_t shared_bytes, const void *parameters)
{
    const int kernel = emulated_kernel_index(kernel_name);

    if (kernel < 0) {
        return refuse(1, kernel_name, "no such kernel");
    }
    const cc_cuda_kernel_facts &facts = cc_cuda_kernels[kernel];
    if (block[0] != facts.threads || block[1] != 1 || block[2] != 1) {
        return refuse(2, kernel_name, "compiled for another number of threads");
    }
    if (!grid[0] || !grid[1] || !grid[2] || grid[0] > 0x7FFFFFFF || grid[1] > 65535 ||
        grid[2] > 65535) {
        return refuse(2, kernel_name, "a grid that hardware refuses");
    }
    if (shared_bytes > MAX_SHARED) {
        return refuse(2, kernel_name, "more shared memory than there is");
    }
    return cuda_emulation_run(emulated_kernels[kernel], grid, facts.threads, shared_bytes,
                              parameters);
}

int cuda_emulation_run(void (*body)(const void *parameters), const uint32_t grid[3],
                       uint32_t threads, size_t shared_bytes, const void *parameters)
{
    prepare_state();
    state.message[0] = '\0';
    state.failed = false;
    memcpy(emulation::block.grid, grid, sizeof emulation::block.grid);
    state.shared_bytes = (uint32_t)shared_bytes;
    state.body = body;
    state.parameters = parameters;
    state.random = state.seed * 2654435761u + 1;
    state.counts.launches++;
    if (!run_grid((int)threads)) {
        forget_fibres();
        return 3;
    }
    return 0;
}

const char *cuda_emulation_message(void)
{
    return state.message;
}

int cuda_emulation_has_kernel(const char *kernel_name)
{
    return emulated_kernel_index(kernel_name) >= 0;
}

void cuda_emulation_seed(uint32_t seed)
{
    state.seed = seed;
}

cuda_emulation_counts cuda_emulation_count(int reset)
{
    const cuda_emulation_counts counts = state.counts;

    if (reset) {
        memset(&state.counts, 0, sizeof state.counts);
    }
    return counts;
}
