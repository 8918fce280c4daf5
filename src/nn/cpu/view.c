#include "nn/cpu/view.h"

#include <string.h>

bool cc_view_has_gaps(const cc_view *view)
{
    if (view->layout == CC_PLAIN) {
        return false;
    }
    for (int block = 0; block < view->blocks - 1; block++) {
        if (view->lanes[block] != CC_BLOCK) {
            return true;
        }
    }
    return false;
}

bool cc_view_same_lanes(const cc_view *a, const cc_view *b)
{
    return a->blocks == b->blocks && memcmp(a->lanes, b->lanes, (size_t)a->blocks) == 0;
}
