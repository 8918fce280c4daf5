/* Measurements on the network's maps along and inside a quad. */
#ifndef CLEARCUT_PAGE_MEASURE_H
#define CLEARCUT_PAGE_MEASURE_H

#include "page/pass.h"

/* Fill pass->measure from the maps and the fit, which must be a quad. */
void cc_measure_maps(const cc_page_maps *maps, cc_page_pass *pass);

#endif
