/* A scanner from inside. */
#ifndef CLEARCUT_API_SCANNER_H
#define CLEARCUT_API_SCANNER_H

#include "api/api.h"
#include "page/finding.h"

struct clearcut_scanner {
    cc_runtime runtime;
    cc_network *network;
    clearcut_progress_function progress;
    void *progress_context;
    bool examined; /* the last find succeeded; what follows is its evidence */
    bool in_mask;  /* it was given a mask */
    cc_page_status answer;
    cc_page_evidence evidence;
};

/* Call the progress function, if there is one; scanner may be NULL. */
void cc_scanner_tell_stage(const clearcut_scanner *scanner, clearcut_stage stage);

#endif
