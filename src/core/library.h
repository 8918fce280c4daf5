/* Shared libraries that are opened when they are first needed.
 *
 * Linking a library that few runs use costs every start of the program the loading of
 * all that it stands on: libheif alone pulls in four video codecs, 4 ms of processor
 * time (measured). Such a library is described by a list of its functions:
 *
 *     #define CC_X_FUNCTIONS(ITEM) ITEM(x_open) ITEM(x_close)
 *     CC_LIBRARY_TABLE(x, CC_X_FUNCTIONS)        in the header: the type cc_x_table
 *
 * A table holds a pointer to each, with the type that the library's own header gives.
 */
#ifndef CLEARCUT_CORE_LIBRARY_H
#define CLEARCUT_CORE_LIBRARY_H

#include <stdbool.h>

#include "core/status.h"

/* The type of the table. */
#define CC_LIBRARY_POINTER(name) __typeof__(&name) name;
#define CC_LIBRARY_TABLE(prefix, functions)                                                        \
    typedef struct cc_##prefix##_table {                                                           \
        functions(CC_LIBRARY_POINTER)                                                              \
    } cc_##prefix##_table;

/* For the list of names: {CC_X_FUNCTIONS(CC_LIBRARY_NAME) NULL}. */
#define CC_LIBRARY_NAME(name) #name,

typedef struct cc_library {
    const char *const *files;     /* names to try in turn, NULL-terminated */
    const char *const *functions; /* names in the table's order, NULL-terminated */
    void *table;                  /* as many function pointers; filled by cc_library_open */
    const char *missing;          /* message if it cannot be opened: what is missing and what
                                     to install; the loader's own reason is added */

    /* cc_library_open's own; zero at first */
    bool tried;
    bool is_open;
    char reason[200];
} cc_library;

/* Open the library and fill its table, once for the process: later calls give the first
 * one's answer. It is never closed. CC_UNSUPPORTED with library->missing if no file of
 * that name is on this machine or it lacks one of the functions; the table is then not
 * to be used. Any thread. */
cc_status cc_library_open(cc_library *library, cc_error *error);

#endif
