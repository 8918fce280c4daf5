/* A libcuda.so.1 for tests, with no GPU behind it.
 *
 * Device memory is this machine's, filled with bytes that are NaN as float16 and as
 * float32; kernels run by cuda_emulation_launch; copies, launches and events wait in
 * the stream until somebody asks for it, as on a device, and captured ones until the
 * graph is launched. Rules of the driver that are easily broken are kept: calls need a
 * current context, shared memory beyond 48 KiB must be asked for, nothing survives a
 * fork, after a fault every call fails.
 *
 * What it does wrong is said by the environment variable FAKE_CUDA, read when cuInit is
 * called: words separated by commas.
 *
 *   init=NUMBER        cuInit answers that error
 *   version=NUMBER     cuDriverGetVersion (default 13000)
 *   devices=NUMBER     (default 2)
 *   capability=NUMBER  (default 80, which every build has kernels for)
 *   memory=BYTES       of each device (default 4e9); more is error 2
 *   held=BYTES         of that another process holds (default 0)
 *   elf=NUMBER         machine code is refused with that error; ptx=NUMBER likewise
 *   fault=NUMBER       the launch after so many (see `at`) fails with this error
 *   at=NUMBER          launches that go well before it (default 0)
 *   lie                every launch succeeds and does nothing
 *   hang               the stream is never ready
 *
 * Built with FAKE_CUDA_IS_OLD it lacks cuGraphInstantiateWithFlags.
 */
#ifndef CLEARCUT_TESTS_CUDA_FAKE_DRIVER_H
#define CLEARCUT_TESTS_CUDA_FAKE_DRIVER_H

#include <stdint.h>

/* What is still held, and what was done; by dlsym(library, "fake_cuda_state"). */
typedef struct fake_cuda_counts {
    int contexts; /* retained and not released */
    int pushed;   /* pushed by this thread and not popped */
    int modules;
    int streams;
    int events;
    int graphs;
    int executables;
    int allocations;
    int host_allocations;
    uint64_t bytes;      /* of device memory, now */
    uint64_t peak_bytes; /* the most at once */
    uint64_t launches;   /* that did their work */
    uint64_t bad_calls;  /* that broke a rule: no context, freed twice, unknown handle ... */
    char message[256];   /* of the first of these, or of a kernel that failed */
} fake_cuda_counts;

void fake_cuda_state(fake_cuda_counts *counts);

#endif
