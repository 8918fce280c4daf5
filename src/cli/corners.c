#include "corners.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Step over one character, spaces around it allowed; NULL if it is another. */
static const char *expect(const char *at, char wanted)
{
    if (at == NULL) {
        return NULL;
    }
    at = skip_space(at);
    return *at == wanted ? skip_space(at + 1) : NULL;
}

static const char *number(const char *at, double *value)
{
    char *end = NULL;

    if (at == NULL) {
        return NULL;
    }
    *value = strtod(at, &end);
    return end != at && isfinite(*value) ? end : NULL;
}

static const char *point(const char *at, clearcut_point *value)
{
    at = number(expect(at, '['), &value->x);
    at = number(expect(at, ','), &value->y);
    return expect(at, ']');
}

static const char *four_points(const char *at, clearcut_point corners[4])
{
    at = expect(at, '[');
    for (int i = 0; i < 4; i++) {
        at = point(i > 0 ? expect(at, ',') : at, &corners[i]);
    }
    return expect(at, ']');
}

bool cli_parse_corners(const char *text, clearcut_point corners[4])
{
    static const char key[] = "\"corners\":";
    const char *end;

    text = skip_space(text);
    if (*text == '{') {
        const char *found = strstr(text, key);
        return found != NULL && four_points(found + sizeof key - 1, corners) != NULL;
    }
    end = four_points(text, corners);
    return end != NULL && *end == '\0';
}

void cli_json_corners(cli_json *json, const clearcut_point *corners)
{
    enum { DECIMALS = 3 };

    if (corners == NULL) {
        cli_json_null(json, "corners");
        return;
    }
    cli_json_array(json, "corners");
    for (int i = 0; i < 4; i++) {
        cli_json_array(json, NULL);
        cli_json_real(json, NULL, corners[i].x, DECIMALS);
        cli_json_real(json, NULL, corners[i].y, DECIMALS);
        cli_json_end_array(json);
    }
    cli_json_end_array(json);
}
