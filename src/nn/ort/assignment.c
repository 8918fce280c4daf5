#include "nn/ort/assignment.h"

#include <stdio.h>
#include <string.h>

/* Beyond any model; a library that claims more is lying. */
#define MOST_OPERATORS ((size_t)1 << 17)

void cc_ort_assignment_release(cc_ort_assignment *assignment)
{
    cc_arena_release(&assignment->arena);
    cc_free(assignment->items);
    *assignment = (cc_ort_assignment){0};
}

static const char *keep(cc_ort_assignment *assignment, const char *text)
{
    text = text != NULL ? text : "";
    return cc_arena_strndup(&assignment->arena, text, strlen(text));
}

static cc_status add(cc_ort_assignment *assignment, const char *name, const char *type,
                     const char *provider, cc_error *error)
{
    cc_ort_placed item;

    if (assignment->count == MOST_OPERATORS) {
        return cc_fail(error, CC_DEVICE, "ONNX Runtime tells of more than %zu operators",
                       MOST_OPERATORS);
    }
    if (assignment->count == assignment->capacity) {
        size_t capacity = assignment->capacity * 2 + 64;
        cc_ort_placed *items = cc_realloc_array(assignment->items, capacity, sizeof *items);
        if (items == NULL) {
            return cc_fail_memory(error, capacity * sizeof *items);
        }
        assignment->items = items;
        assignment->capacity = capacity;
    }
    item =
        (cc_ort_placed){keep(assignment, name), keep(assignment, type), keep(assignment, provider)};
    if (item.name == NULL || item.type == NULL || item.provider == NULL) {
        return cc_fail_memory(error, sizeof item);
    }
    assignment->items[assignment->count++] = item;
    return CC_OK;
}

/* ---- asked of the session ---- */

static cc_status check(const cc_ort_library *library, cc_ort_status *status, cc_error *error)
{
    return cc_ort_check(library, status, CC_DEVICE, "it does not tell who does what", error);
}

static cc_status read_subgraph(const cc_ort_library *library, const cc_ort_subgraph *subgraph,
                               cc_ort_assignment *assignment, cc_error *error)
{
    const cc_ort_api *api = &library->api;
    const cc_ort_node *const *nodes = NULL;
    const char *provider = NULL;
    size_t count = 0;
    cc_status status =
        check(library, api->EpAssignedSubgraph_GetEpName(subgraph, &provider), error);

    if (status == CC_OK) {
        status = check(library, api->EpAssignedSubgraph_GetNodes(subgraph, &nodes, &count), error);
    }
    for (size_t i = 0; i < count && status == CC_OK; i++) {
        const char *name = NULL;
        const char *type = NULL;
        status = check(library, api->EpAssignedNode_GetName(nodes[i], &name), error);
        if (status == CC_OK) {
            status = check(library, api->EpAssignedNode_GetOperatorType(nodes[i], &type), error);
        }
        if (status == CC_OK) {
            status = add(assignment, name, type, provider, error);
        }
    }
    return status;
}

cc_status cc_ort_assignment_read(const cc_ort_library *library, const cc_ort_session *session,
                                 cc_ort_assignment *assignment, cc_error *error)
{
    const cc_ort_subgraph *const *subgraphs = NULL;
    size_t count = 0;
    cc_status status = check(
        library, library->api.Session_GetEpGraphAssignmentInfo(session, &subgraphs, &count), error);

    for (size_t i = 0; i < count && status == CC_OK; i++) {
        status = read_subgraph(library, subgraphs[i], assignment, error);
    }
    if (status != CC_OK) {
        cc_ort_assignment_release(assignment);
    }
    return status;
}

/* ---- read from a profile ---- */

/* The text after `"key"` and a colon, up to its closing quote; false if there is
 * none. Escapes are left as they are. */
static bool find_text(const char *line, const char *end, const char *key, char *value, size_t size)
{
    size_t key_length = strlen(key);

    for (const char *at = line; at + key_length + 2 < end; at++) {
        size_t used = 0;
        if (at[0] != '"' || memcmp(at + 1, key, key_length) != 0 || at[key_length + 1] != '"') {
            continue;
        }
        at += key_length + 2;
        while (at < end && (*at == ' ' || *at == ':')) {
            at++;
        }
        if (at >= end || *at != '"') {
            return false;
        }
        for (at++; at < end && *at != '"'; at++) {
            if (*at == '\\' && at + 1 < end) {
                at++;
            }
            if (used + 1 < size) {
                value[used++] = *at;
            }
        }
        value[used] = '\0';
        return true;
    }
    return false;
}

static cc_status read_event(const char *line, const char *end, cc_ort_assignment *assignment,
                            cc_error *error)
{
    static const char suffix[] = "_kernel_time";
    char category[32];
    char name[512];
    char type[128];
    char provider[96];
    size_t length;

    if (!find_text(line, end, "cat", category, sizeof category) || strcmp(category, "Node") != 0 ||
        !find_text(line, end, "name", name, sizeof name) ||
        !find_text(line, end, "provider", provider, sizeof provider)) {
        return CC_OK;
    }
    length = strlen(name);
    if (length < sizeof suffix - 1 || strcmp(name + length - (sizeof suffix - 1), suffix) != 0) {
        return CC_OK;
    }
    name[length - (sizeof suffix - 1)] = '\0';
    if (!find_text(line, end, "op_name", type, sizeof type)) {
        type[0] = '\0';
    }
    return add(assignment, name, type, provider, error);
}

cc_status cc_ort_assignment_from_profile(const char *text, size_t size,
                                         cc_ort_assignment *assignment, cc_error *error)
{
    const char *end = text + size;
    cc_status status = CC_OK;

    while (text < end && status == CC_OK) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        line_end = line_end != NULL ? line_end : end;
        status = read_event(text, line_end, assignment, error);
        text = line_end < end ? line_end + 1 : end;
    }
    if (status != CC_OK) {
        cc_ort_assignment_release(assignment);
    }
    return status;
}

/* ---- summing up ---- */

size_t cc_ort_assignment_of(const cc_ort_assignment *assignment, const char *provider)
{
    size_t count = 0;

    for (size_t i = 0; i < assignment->count; i++) {
        count += strcmp(assignment->items[i].provider, provider) == 0;
    }
    return count;
}

static size_t count_alike(const cc_ort_assignment *assignment, const cc_ort_placed *item,
                          size_t from)
{
    size_t count = 0;

    for (size_t i = from; i < assignment->count; i++) {
        const cc_ort_placed *other = &assignment->items[i];
        count +=
            strcmp(other->provider, item->provider) == 0 && strcmp(other->type, item->type) == 0;
    }
    return count;
}

const char *cc_ort_assignment_others(const cc_ort_assignment *assignment, const char *provider,
                                     char *text, size_t size)
{
    const char *current = NULL;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < assignment->count && used < size; i++) {
        const cc_ort_placed *item = &assignment->items[i];
        bool seen = false;
        int wrote;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = strcmp(assignment->items[j].provider, item->provider) == 0 &&
                   strcmp(assignment->items[j].type, item->type) == 0;
        }
        if (seen || strcmp(item->provider, provider) == 0) {
            continue;
        }
        if (current == NULL || strcmp(current, item->provider) != 0) {
            wrote = snprintf(text + used, size - used, "%s%s: %zu %s", used > 0 ? "; " : "",
                             item->provider, count_alike(assignment, item, i), item->type);
            current = item->provider;
        } else {
            wrote = snprintf(text + used, size - used, ", %zu %s", count_alike(assignment, item, i),
                             item->type);
        }
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return text;
}
