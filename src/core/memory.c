#define _GNU_SOURCE /* madvise, MADV_HUGEPAGE */
#include "core/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

/* Negative: never fail. */
static atomic_long allocations_until_failure = -1;

void cc_memory_fail_after(long allocations)
{
    atomic_store(&allocations_until_failure, allocations < 0 ? -1 : allocations);
}

static bool refused_by_test(void)
{
    long left = atomic_load_explicit(&allocations_until_failure, memory_order_relaxed);
    if (left < 0) {
        return false;
    }
    if (left == 0) {
        return true;
    }
    atomic_store_explicit(&allocations_until_failure, left - 1, memory_order_relaxed);
    return false;
}

bool cc_size_multiply(size_t a, size_t b, size_t *result)
{
    if (b != 0 && a > SIZE_MAX / b) {
        return false;
    }
    *result = a * b;
    return true;
}

bool cc_size_add(size_t a, size_t b, size_t *result)
{
    if (a > SIZE_MAX - b) {
        return false;
    }
    *result = a + b;
    return true;
}

void *cc_alloc(size_t size)
{
    return refused_by_test() ? NULL : malloc(size != 0 ? size : 1);
}

void *cc_alloc_zeroed(size_t count, size_t size)
{
    if (refused_by_test()) {
        return NULL;
    }
    return count != 0 && size != 0 ? calloc(count, size) : calloc(1, 1);
}

void *cc_alloc_array(size_t count, size_t size)
{
    size_t bytes;
    return cc_size_multiply(count, size, &bytes) ? cc_alloc(bytes) : NULL;
}

void *cc_realloc_array(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (!cc_size_multiply(count, size, &bytes) || refused_by_test()) {
        return NULL;
    }
    return realloc(old, bytes != 0 ? bytes : 1);
}

void cc_free(void *memory)
{
    free(memory);
}

char *cc_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = cc_alloc(size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

#define HUGE_PAGE ((size_t)2 << 20)

void cc_memory_is_dense(void *memory, size_t size)
{
#if defined(MADV_HUGEPAGE)
    uintptr_t first = ((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    uintptr_t end = ((uintptr_t)memory + size) & ~(uintptr_t)(HUGE_PAGE - 1);

    if (memory != NULL && end > first) {
        (void)madvise((char *)memory + (first - (uintptr_t)memory), end - first, MADV_HUGEPAGE);
    }
#else
    (void)memory;
    (void)size;
#endif
}

void cc_memory_discard(void *memory, size_t size)
{
#if defined(MADV_DONTNEED)
    if (memory != NULL && size >= HUGE_PAGE) { /* then it begins with a page */
        (void)madvise(memory, size & ~(HUGE_PAGE - 1), MADV_DONTNEED);
    }
#else
    (void)memory;
    (void)size;
#endif
}

void *cc_alloc_aligned(size_t size)
{
    size_t alignment = size >= HUGE_PAGE ? HUGE_PAGE : CC_ALIGNMENT;
    size_t padded;
    void *memory;

    if (refused_by_test() || !cc_size_add(size, CC_ALIGNMENT - 1, &padded)) {
        return NULL;
    }
    padded &= ~(size_t)(CC_ALIGNMENT - 1);
    if (padded == 0) {
        padded = CC_ALIGNMENT;
    }
    if (posix_memalign(&memory, alignment, padded) != 0) {
        return NULL;
    }
#if defined(MADV_HUGEPAGE)
    if (alignment == HUGE_PAGE) {
        /* Only whole huge pages: the tail stays on small ones. */
        (void)madvise(memory, padded & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
    }
#endif
    return memory;
}

void cc_free_aligned(void *memory)
{
    free(memory);
}

/* ---- arena ---- */

#define ARENA_ALIGNMENT ((size_t)16)
#define ARENA_BLOCK_SIZE ((size_t)64 << 10)

struct cc_arena_block {
    struct cc_arena_block *next;
    size_t used;
    size_t size;
    _Alignas(16) unsigned char bytes[];
};

static struct cc_arena_block *arena_grow(cc_arena *arena, size_t need)
{
    size_t size = need > ARENA_BLOCK_SIZE ? need : ARENA_BLOCK_SIZE;
    size_t bytes;
    struct cc_arena_block *block;

    if (!cc_size_add(size, sizeof *block, &bytes)) {
        return NULL;
    }
    block = cc_alloc_zeroed(1, bytes);
    if (block == NULL) {
        return NULL;
    }
    block->size = size;
    block->next = arena->head;
    arena->head = block;
    return block;
}

void *cc_arena_alloc(cc_arena *arena, size_t count, size_t size)
{
    struct cc_arena_block *block = arena->head;
    size_t need;
    size_t total;
    void *result;

    if (!cc_size_multiply(count, size, &need) || !cc_size_add(need, ARENA_ALIGNMENT - 1, &need)) {
        return NULL;
    }
    need &= ~(ARENA_ALIGNMENT - 1);
    if (need == 0) {
        need = ARENA_ALIGNMENT;
    }
    if (!cc_size_add(arena->total, need, &total) || (arena->limit != 0 && total > arena->limit)) {
        return NULL;
    }
    if (block == NULL || block->size - block->used < need) {
        block = arena_grow(arena, need);
        if (block == NULL) {
            return NULL;
        }
    }
    result = block->bytes + block->used;
    block->used += need;
    arena->total = total;
    return result;
}

char *cc_arena_strndup(cc_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? cc_arena_alloc(arena, length + 1, 1) : NULL;
    if (copy != NULL && length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

void cc_arena_release(cc_arena *arena)
{
    while (arena->head != NULL) {
        struct cc_arena_block *next = arena->head->next;
        cc_free(arena->head);
        arena->head = next;
    }
    arena->total = 0;
}
