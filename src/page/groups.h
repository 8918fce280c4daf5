/* Connected groups of black pixels. */
#ifndef CLEARCUT_PAGE_GROUPS_H
#define CLEARCUT_PAGE_GROUPS_H

#include "image/image.h"

/* Black pixels side by side in one row. */
typedef struct cc_group_run {
    int y;
    int begin;
    int end;    /* one past the last */
    int parent; /* towards the group's root: see cc_groups_root */
    /* At a root: of the whole group. */
    int pixels;
    int left;
    int top;
    int right; /* one past */
    int bottom;
} cc_group_run;

/* Runs in order of rows, each row from left to right. */
typedef struct cc_groups {
    cc_group_run *runs; /* owned */
    int count;
    int capacity;
} cc_groups;

/* Find the 8-connected groups of zeros in a picture of one channel: every row is cut
 * into runs, touching runs of neighbouring rows are joined in a forest (union by index,
 * path halving). Only CC_OUT_OF_MEMORY; *groups is then {0}. Any thread. */
cc_status cc_groups_find(const cc_image *image, cc_groups *groups, cc_error *error);

void cc_groups_free(cc_groups *groups);

/* The root of the group that run i belongs to; a run is its own root if it is one. */
int cc_groups_root(cc_groups *groups, int i);

#endif
