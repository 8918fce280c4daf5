/* Switching between stacks: the smallest thing that lets 256 threads of a block take
 * turns on one processor. */
#ifndef CLEARCUT_TESTS_CUDA_FIBRE_H
#define CLEARCUT_TESTS_CUDA_FIBRE_H

#include <stddef.h>

/* A stack at rest. Opaque but for its size. */
struct FibreContext {
    void *stack_pointer;      /* own switch: where the registers were saved */
    void *library_context;    /* elsewhere: a ucontext_t */
    const void *stack_bottom; /* for AddressSanitizer; set by fibre_create */
    size_t stack_size;
    void *fake_stack;
};

/* A fibre that runs entry() on the given stack when it is first switched to. entry
 * must never return. */
void fibre_create(FibreContext *fibre, void *stack, size_t size, void (*entry)());
/* Free what fibre_create made beside the stack; the fibre's frames are forgotten. */
void fibre_forget(FibreContext *fibre);
/* Leave `from`, go on where `to` was left. */
void fibre_switch(FibreContext *from, FibreContext *to);
/* First thing that entry() does. */
void fibre_entered();

#endif
