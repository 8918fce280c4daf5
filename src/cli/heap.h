/* The heap of short runs. */
#ifndef CLEARCUT_CLI_HEAP_H
#define CLEARCUT_CLI_HEAP_H

/* Let the heap of this process grow in huge pages, and keep what is freed for what comes
 * next. A run of 25 ms otherwise spends 6 of them on some 5,000 page faults (measured);
 * a long one would not notice. Call once, before the work, on one thread. Does nothing
 * where the C library or the kernel has no such thing. */
void cli_heap_in_huge_pages(void);

/* Keep blocks of up to 32 MB in the heap when they are freed, and the heap as it has
 * grown, instead of returning them: a folder's photos need the same again and again, and
 * a third of the page faults go (measured over 36 photos, in the same memory). Call once,
 * before the work. */
void cli_heap_keep_blocks(void);

#endif
