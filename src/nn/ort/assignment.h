/* Which provider does which operator, as the library tells after the fact. */
#ifndef CLEARCUT_NN_ORT_ASSIGNMENT_H
#define CLEARCUT_NN_ORT_ASSIGNMENT_H

#include "core/memory.h"
#include "nn/ort/library.h"

typedef struct cc_ort_placed {
    const char *name; /* of the operator in the file; may be "" */
    const char *type; /* "Conv" */
    const char *provider;
} cc_ort_placed;

/* Starts as {0}. */
typedef struct cc_ort_assignment {
    cc_arena arena; /* the texts */
    cc_ort_placed *items;
    size_t count;
    size_t capacity;
} cc_ort_assignment;

void cc_ort_assignment_release(cc_ort_assignment *assignment);

/* Ask the session itself; it must have been made with
 * session.record_ep_graph_assignment_info, by a library of version CC_ORT_ASSIGNMENT
 * or newer. On failure the assignment is empty. */
cc_status cc_ort_assignment_read(const cc_ort_library *library, const cc_ort_session *session,
                                 cc_ort_assignment *assignment, cc_error *error);

/* From the profile of one run (older libraries): one event a line, of which those of
 * the category "Node" whose name ends in _kernel_time are operators. Lines that are
 * something else are passed over. */
cc_status cc_ort_assignment_from_profile(const char *text, size_t size,
                                         cc_ort_assignment *assignment, cc_error *error);

/* How many operators a provider has. */
size_t cc_ort_assignment_of(const cc_ort_assignment *assignment, const char *provider);

/* What is not on `provider`, in words: "CPUExecutionProvider: 3 Shape, 1 Gather"; ""
 * if all is. Returns text, always terminated. */
const char *cc_ort_assignment_others(const cc_ort_assignment *assignment, const char *provider,
                                     char *text, size_t size);

#endif
