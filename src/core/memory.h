/* Allocation with checked sizes, and an arena for things that die together.
 *
 * All memory of the library comes from here, so that tests can make the n-th
 * allocation fail (cc_memory_fail_after) and prove that every caller survives.
 */
#ifndef CLEARCUT_CORE_MEMORY_H
#define CLEARCUT_CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Alignment of cc_alloc_aligned: one cache line, one AVX-512 register. */
#define CC_ALIGNMENT 64

/* As malloc, calloc, realloc and free; NULL when memory is refused. Size 0 gives
 * a unique pointer. The count * size products are checked for overflow. */
void *cc_alloc(size_t size);
void *cc_alloc_zeroed(size_t count, size_t size);
void *cc_alloc_array(size_t count, size_t size);
void *cc_realloc_array(void *old, size_t count, size_t size);
void cc_free(void *memory);
char *cc_strdup(const char *text);

/* CC_ALIGNMENT-aligned, uninitialised; the size is rounded up to a multiple of
 * the alignment, so that whole vectors may be read at the end. Free with
 * cc_free_aligned. Blocks of 2 MiB and more ask for huge pages. */
void *cc_alloc_aligned(size_t size);
void cc_free_aligned(void *memory);

/* Say that all of a fresh block (NULL is allowed) will be used: where it is large the
 * system is asked for huge pages, which cost a tenth of the time when they are touched
 * first. Not for blocks of which much may stay untouched. No effect on the contents. */
void cc_memory_is_dense(void *memory, size_t size);

/* Give the pages of a block of cc_alloc_aligned back until they are touched again: the
 * block stays allocated, its contents are lost. */
void cc_memory_discard(void *memory, size_t size);

/* Checked size arithmetic: false on overflow, *result then untouched. */
bool cc_size_multiply(size_t a, size_t b, size_t *result);
bool cc_size_add(size_t a, size_t b, size_t *result);

/* Test hook: the n-th allocation from now (0 = the next) and all after it fail;
 * a negative number switches this off. Not thread-safe against running work. */
void cc_memory_fail_after(long allocations);

/* Arena: many small allocations, one release. Never moves what it gave out. */
typedef struct cc_arena {
    struct cc_arena_block *head;
    size_t total; /* bytes handed out so far */
    size_t limit; /* refuse beyond this many bytes; 0 = no limit */
} cc_arena;

/* 16-byte aligned, zeroed; NULL if memory or the limit refuses. */
void *cc_arena_alloc(cc_arena *arena, size_t count, size_t size);
char *cc_arena_strndup(cc_arena *arena, const char *text, size_t length);
void cc_arena_release(cc_arena *arena);

#endif
