/* Where ONNX Runtime's library may lie on this machine. */
#ifndef CLEARCUT_NN_ORT_SEARCH_H
#define CLEARCUT_NN_ORT_SEARCH_H

#include <stdbool.h>

enum { CC_ORT_MOST_PLACES = 48, CC_ORT_PATH_SIZE = 512 };

/* What a place came to. */
typedef enum cc_ort_place_state {
    CC_ORT_PLACE_EMPTY,     /* nothing there */
    CC_ORT_PLACE_LIBRARY,   /* `file` is the library */
    CC_ORT_PLACE_OLD_WHEEL, /* a Python package from before 1.19: it holds no C library */
    CC_ORT_PLACE_BY_NAME    /* `file` is a bare name for the loader to find */
} cc_ort_place_state;

typedef struct cc_ort_place {
    cc_ort_place_state state;
    char where[CC_ORT_PATH_SIZE]; /* the folder, pattern or name looked at */
    char file[CC_ORT_PATH_SIZE];  /* "" if nothing was found */
} cc_ort_place;

typedef struct cc_ort_search {
    bool demanded; /* $CLEARCUT_ORT is set: no other place counts */
    int count;
    cc_ort_place places[CC_ORT_MOST_PLACES];
} cc_ort_search;

/* Look in all places, in the order in which they count: $CLEARCUT_ORT (a file, or
 * a folder) alone if it is set; else the active virtual environment ($VIRTUAL_ENV,
 * $CONDA_PREFIX), ~/.local, the Python that PATH leads to (its files are looked
 * at, it is not run), the system's folders, and what the loader finds by name.
 * Reads folders only; nothing is opened. Any thread. */
void cc_ort_search_run(cc_ort_search *search);

#endif
