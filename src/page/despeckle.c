#include <string.h>

#include "page/binarise.h"
#include "page/groups.h"

/* Dark groups at the border, no deeper than this share of the side: what is left of the
 * desk along an edge that was cut a pixel too wide, not print. */
#define FRINGE 0.006

static bool is_fringe(const cc_image *image, const cc_group_run *group)
{
    double across = FRINGE * image->width;
    double down = FRINGE * image->height;

    return (group->left == 0 && group->right <= across) ||
           (group->top == 0 && group->bottom <= down) ||
           (group->right == image->width && group->left >= image->width - across) ||
           (group->bottom == image->height && group->top >= image->height - down);
}

cc_status cc_despeckle(cc_image *image, int largest, int *removed, cc_error *error)
{
    cc_groups groups;
    int specks = 0;
    cc_status status;

    if (image->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "specks are removed from black and white only");
    }
    status = cc_groups_find(image, &groups, error);
    for (int i = 0; i < groups.count && status == CC_OK; i++) {
        const cc_group_run *one = &groups.runs[i];
        const cc_group_run *root = &groups.runs[cc_groups_root(&groups, i)];
        if (root->pixels <= largest || is_fringe(image, root)) {
            specks += one == root;
            memset(cc_image_row(image, one->y) + one->begin, 255, (size_t)(one->end - one->begin));
        }
    }
    cc_groups_free(&groups);
    if (removed != NULL) {
        *removed = specks;
    }
    return status;
}
