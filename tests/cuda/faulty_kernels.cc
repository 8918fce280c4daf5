#include "faulty_kernels.h"

#include "nn/cuda/kernels/device.h"

static uint32_t word_of(int thread)
{
    return shared_address((uint32_t)thread * 4);
}

static void begin_copy(const void *source)
{
    copy_async<true>(shared_address((uint32_t)thread_index() * 16),
                     (const char *)source + thread_index() * 16, 16);
    copy_async_commit();
}

/* What is right: a neighbour's word after a barrier, and overwritten after another. */
static void right(const void *source)
{
    const int me = thread_index();
    const uint32_t mine = (uint32_t)me;

    shared_write(word_of(me), mine);
    barrier();
    const uint32_t other = shared_read(word_of(63 - me));
    barrier();
    shared_write(word_of(me), other);
    barrier();
    if (shared_read(word_of(63 - me)) != mine) {
        emulation::fail("wrong value");
    }
    barrier();
    begin_copy(source);
    copy_async_wait<0>();
    barrier();
    const Vector16 copied = shared_read_vector(shared_address((uint32_t)(63 - me) * 16));
    if (memcmp(&copied, (const char *)source + (63 - me) * 16, 16) != 0) {
        emulation::fail("wrong copy");
    }
}

static void read_too_early(const void *)
{
    shared_write(word_of(thread_index()), 1);
    (void)shared_read(word_of(63 - thread_index()));
}

static void overwrite_too_early(const void *)
{
    shared_write(word_of(thread_index()), 1);
    barrier();
    (void)shared_read(word_of(63 - thread_index()));
    shared_write(word_of(thread_index()), 2);
}

static void both_write(const void *)
{
    shared_write(word_of(thread_index() / 2), 1);
}

static void copy_not_awaited(const void *source)
{
    begin_copy(source);
    barrier();
    (void)shared_read(word_of(63 - thread_index()));
    copy_async_wait<0>();
}

static void copy_without_barrier(const void *source)
{
    begin_copy(source);
    copy_async_wait<0>();
    (void)shared_read(shared_address((uint32_t)(63 - thread_index()) * 16));
}

static void copy_over_what_is_read(const void *source)
{
    shared_write_vector(shared_address((uint32_t)thread_index() * 16), {{0, 0, 0, 0}});
    barrier();
    begin_copy(source); /* a barrier late: others still read this */
    (void)shared_read(shared_address((uint32_t)(63 - thread_index()) * 16));
    barrier();
    copy_async_wait<0>();
}

static void copy_left_alone(const void *source)
{
    begin_copy(source);
}

static void copy_misaligned(const void *source)
{
    copy_async<true>(shared_address(0), (const char *)source + 8, 16);
}

static void out_of_bounds(const void *)
{
    shared_write(shared_address((uint32_t)(thread_index() * 16 + 16)), 1);
}

static void misaligned(const void *)
{
    (void)shared_read_vector(shared_address((uint32_t)thread_index() * 8));
}

static void barrier_in_a_branch(const void *)
{
    if (thread_index() < 32) {
        barrier();
    } else {
        (void)exchange(1.0f, thread_index() % 2 ? 1 : 1);
        if (thread_index() % 2) {
            (void)exchange(1.0f, 1); /* the other half never comes */
        }
    }
}

static void lanes_missing(const void *)
{
    if (thread_index() % 32 != 5) {
        (void)exchange(1.0f, 16);
    }
}

const faulty_kernel faulty_kernels[] = {
    {"right", "", right},
    {"read too early", "barrier between", read_too_early},
    {"overwrite too early", "barrier between", overwrite_too_early},
    {"both write", "barrier between", both_write},
    {"copy not awaited", "barrier between", copy_not_awaited},
    {"copy without barrier", "barrier between", copy_without_barrier},
    {"copy over what is read", "barrier between", copy_over_what_is_read},
    {"copy left alone", "copies under way", copy_left_alone},
    {"copy misaligned", "misaligned source", copy_misaligned},
    {"out of bounds", "beyond the end", out_of_bounds},
    {"misaligned", "misaligned access", misaligned},
    {"barrier in a branch", "deadlock", barrier_in_a_branch},
    {"lanes missing", "deadlock", lanes_missing},
    {nullptr, nullptr, nullptr},
};
