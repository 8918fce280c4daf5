#include "page/groups.h"

#include <string.h>

#include "core/memory.h"

/* More runs than this are no page. */
enum { MOST_RUNS = 1 << 27 };

static bool append_run(cc_groups *groups, int y, int begin, int end)
{
    if (groups->count == groups->capacity) {
        int capacity = groups->capacity > 0 ? 2 * groups->capacity : 4096;
        cc_group_run *larger =
            groups->count < MOST_RUNS
                ? cc_realloc_array(groups->runs, (size_t)capacity, sizeof *larger)
                : NULL;
        if (larger == NULL) {
            return false;
        }
        groups->runs = larger;
        groups->capacity = capacity;
    }
    groups->runs[groups->count] =
        (cc_group_run){y, begin, end, groups->count, end - begin, begin, y, end, y + 1};
    groups->count++;
    return true;
}

int cc_groups_root(cc_groups *groups, int i)
{
    cc_group_run *runs = groups->runs;

    while (runs[i].parent != i) {
        runs[i].parent = runs[runs[i].parent].parent;
        i = runs[i].parent;
    }
    return i;
}

static void join(cc_groups *groups, int a, int b)
{
    int first = cc_groups_root(groups, a);
    int second = cc_groups_root(groups, b);
    cc_group_run *to = &groups->runs[first < second ? first : second];
    cc_group_run *from = &groups->runs[first < second ? second : first];

    if (first != second) {
        from->parent = first < second ? first : second;
        to->pixels += from->pixels;
        to->left = from->left < to->left ? from->left : to->left;
        to->top = from->top < to->top ? from->top : to->top;
        to->right = from->right > to->right ? from->right : to->right;
        to->bottom = from->bottom > to->bottom ? from->bottom : to->bottom;
    }
}

static bool cut_row(const cc_image *image, int y, cc_groups *groups)
{
    const uint8_t *row = cc_image_row(image, y);
    const uint8_t *end = row + image->width;

    for (const uint8_t *at = row; at < end;) {
        const uint8_t *begin = memchr(at, 0, (size_t)(end - at));
        if (begin == NULL) {
            break;
        }
        for (at = begin; at < end && *at == 0;) {
            at++;
        }
        if (!append_run(groups, y, (int)(begin - row), (int)(at - row))) {
            return false;
        }
    }
    return true;
}

/* Join the runs first .. second - 1 (a row) with second .. count - 1 (the next). */
static void join_rows(cc_groups *groups, int first, int second)
{
    int above = first;

    for (int i = second; i < groups->count; i++) {
        while (above < second && groups->runs[above].end < groups->runs[i].begin) {
            above++;
        }
        for (int j = above; j < second && groups->runs[j].begin <= groups->runs[i].end; j++) {
            join(groups, j, i);
        }
    }
}

cc_status cc_groups_find(const cc_image *image, cc_groups *groups, cc_error *error)
{
    int above = 0;

    memset(groups, 0, sizeof *groups);
    for (int y = 0; y < image->height; y++) {
        int begin = groups->count;
        if (!cut_row(image, y, groups)) {
            int count = groups->count;
            cc_groups_free(groups);
            return cc_fail_memory(error, (unsigned long long)count * sizeof(cc_group_run));
        }
        join_rows(groups, above, begin);
        above = begin;
    }
    return CC_OK;
}

void cc_groups_free(cc_groups *groups)
{
    cc_free(groups->runs);
    memset(groups, 0, sizeof *groups);
}
