#define _GNU_SOURCE /* madvise, MADV_HUGEPAGE */
#include "heap.h"

#include <stdint.h>
#include <stdlib.h> /* and with it __GLIBC__ */

#if defined(__linux__) && defined(__GLIBC__)
#include <malloc.h>
#include <sys/mman.h>
#endif

#if defined(__linux__) && defined(__GLIBC__) && defined(MADV_HUGEPAGE)

/* What finding the page in a photo of a few megapixels takes, and some more. Pages that are
 * never touched cost nothing. */
#define RESERVE ((size_t)32 << 20)
#define HUGE_PAGE ((size_t)2 << 20)

/* Blocks up to this size come from the heap; glibc allows no more. */
#define LARGEST_BLOCK ((size_t)32 << 20)

/* More than the heap has at the start, so that it must grow. */
#define FIRST_BLOCK ((size_t)1 << 20)

void cli_heap_keep_blocks(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, (int)LARGEST_BLOCK);
    (void)mallopt(M_TRIM_THRESHOLD, (int)(4 * LARGEST_BLOCK));
}

void cli_heap_in_huge_pages(void)
{
    void *first;
    uintptr_t begin;
    uintptr_t end;

    cli_heap_keep_blocks();
    (void)mallopt(M_TOP_PAD, (int)RESERVE);
    first = malloc(FIRST_BLOCK);
    if (first == NULL) {
        return;
    }
    begin = ((uintptr_t)first + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    end = ((uintptr_t)first + FIRST_BLOCK + RESERVE) & ~(uintptr_t)(HUGE_PAGE - 1);
    (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* a wish: may be refused */
    free(first);
}

#else

void cli_heap_keep_blocks(void)
{
}

void cli_heap_in_huge_pages(void)
{
}

#endif
