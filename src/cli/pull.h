/* Fetching models: what `d` and the first use of a model share. */
#ifndef CLEARCUT_CLI_PULL_H
#define CLEARCUT_CLI_PULL_H

#include <stdbool.h>

#include "clearcut.h"

/* Before a session is made: if `wish` names a model that is not on this machine
 * and can be fetched, say so and fetch it. `offline`, or CLEARCUT_OFFLINE in the
 * environment, forbids that; then, as for everything else that is wrong with the
 * wish, making the session explains. Errors as of clearcut_model_download, with
 * the ways out in the message; cli_model_exit gives the exit status. */
clearcut_status cli_need_model(const char *wish, bool offline, bool quiet, clearcut_error *error);

/* The option row for a settings structure that has a bool `offline`. */
#define CLI_OFFLINE_OPTION(type)                                                                   \
    {                                                                                              \
        NULL, "offline", CLI_FLAG, offsetof(type, offline), 0, 0, NULL,                            \
            "never fetch a model; without it an absent one is fetched, with an announcement"       \
    }

#endif
