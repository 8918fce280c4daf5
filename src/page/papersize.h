/* Sizes of sheets that people photograph. */
#ifndef CLEARCUT_PAGE_PAPERSIZE_H
#define CLEARCUT_PAGE_PAPERSIZE_H

#include <stdbool.h>

typedef struct cc_paper {
    const char *name; /* "A4", "letter", ...; static */
    double width_mm;  /* the shorter side */
    double height_mm;
} cc_paper;

/* How far the proportions of a sheet may be from a known format's to be taken for it:
 * 2.5 %. Proportions are measured to about 1 % (tests/page/test_papersize.c, docs/page.md),
 * and the nearest two formats, ID-1 and Legal, are 3.9 % apart. */
#define CC_PAPER_TOLERANCE 0.025

/* A receipt: longer than this, and whatever the proportions, 80 mm wide. */
#define CC_RECEIPT_PROPORTION 1.9
#define CC_RECEIPT_WIDTH_MM 80.0

/* The format with this name, any case ("a3".."a6", "letter", "legal", "id-1" or "card",
 * "a4" for the whole A series where only proportions count); NULL if there is none.
 * Any thread. */
const cc_paper *cc_paper_by_name(const char *name);

/* The names, ended by NULL, for messages. */
const char *const *cc_paper_names(void);

/* The format whose proportions (either way up) are nearest to aspect = width / height,
 * if that is within CC_PAPER_TOLERANCE; else NULL. All of the A series have the same:
 * A4 stands for them. *deviation (may be NULL): |ln(aspect / format's)|. */
const cc_paper *cc_paper_by_aspect(double aspect, double *deviation);

#endif
