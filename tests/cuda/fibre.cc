#include "fibre.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef WITH_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

/* The stack that ran before the last switch, for the sanitizer's bookkeeping. */
static FibreContext *left_behind;
static FibreContext *arriving;

static void announce_switch(FibreContext *from, FibreContext *to)
{
    left_behind = from;
    arriving = to;
#ifdef WITH_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack_bottom, to->stack_size);
#endif
}

static void announce_arrival()
{
#ifdef WITH_ADDRESS_SANITIZER
    const void *bottom = nullptr;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(arriving->fake_stack, &bottom, &size);
    left_behind->stack_bottom = bottom; /* how the main stack's bounds become known */
    left_behind->stack_size = size;
#endif
}

void fibre_entered()
{
    announce_arrival();
}

#if defined(__x86_64__) && !defined(__CET__)
#define OWN_SWITCH 1
/* Callee-saved registers of the System V ABI; floating-point modes are never changed. */
asm(R"(
    .text
    .type clearcut_test_fibre_switch, @function
clearcut_test_fibre_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size clearcut_test_fibre_switch, .-clearcut_test_fibre_switch
)");
extern "C" void clearcut_test_fibre_switch(void **save, void *load);

void fibre_create(FibreContext *fibre, void *stack, size_t size, void (*entry)())
{
    uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;
    uint64_t *words = (uint64_t *)top;

#ifdef WITH_ADDRESS_SANITIZER
    ASAN_UNPOISON_MEMORY_REGION(stack, size);
#endif
    memset(fibre, 0, sizeof *fibre);
    *--words = 0; /* entry's return address: alignment, and an end for unwinders */
    *--words = (uint64_t)(uintptr_t)entry;
    for (int i = 0; i < 6; i++) {
        *--words = 0;
    }
    fibre->stack_pointer = words;
    fibre->stack_bottom = stack;
    fibre->stack_size = size;
}

void fibre_forget(FibreContext *fibre)
{
    memset(fibre, 0, sizeof *fibre);
}

void fibre_switch(FibreContext *from, FibreContext *to)
{
    announce_switch(from, to);
    clearcut_test_fibre_switch(&from->stack_pointer, to->stack_pointer);
    announce_arrival();
}
#else
#include <ucontext.h>

static ucontext_t *context_of(FibreContext *fibre)
{
    if (!fibre->library_context) {
        fibre->library_context = calloc(1, sizeof(ucontext_t));
    }
    if (!fibre->library_context) {
        abort(); /* a test out of memory */
    }
    return (ucontext_t *)fibre->library_context;
}

void fibre_create(FibreContext *fibre, void *stack, size_t size, void (*entry)())
{
    memset(fibre, 0, sizeof *fibre);
#ifdef WITH_ADDRESS_SANITIZER
    ASAN_UNPOISON_MEMORY_REGION(stack, size);
#endif
    ucontext_t *context = context_of(fibre);
    getcontext(context);
    context->uc_stack.ss_sp = stack;
    context->uc_stack.ss_size = size;
    makecontext(context, entry, 0);
    fibre->stack_bottom = stack;
    fibre->stack_size = size;
}

void fibre_forget(FibreContext *fibre)
{
    free(fibre->library_context);
    memset(fibre, 0, sizeof *fibre);
}

void fibre_switch(FibreContext *from, FibreContext *to)
{
    announce_switch(from, to);
    swapcontext(context_of(from), context_of(to));
    announce_arrival();
}
#endif
