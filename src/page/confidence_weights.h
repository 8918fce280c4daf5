/* Written by bench/page/fit_confidence.py from 2318 generated photos: do not edit. */
#ifndef CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H
#define CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H

#include "page/evidence.h"

static const double EXACT_WEIGHTS[2 * CC_FEATURE_COUNT + 1] = {
    -1.46121, -0.03893, /* first_fit_iou */
    0.45684,  -0.03418, /* first_weakest_edge */
    -0.01119, 0.15079,  /* first_mean_edge */
    0.36327,  0.00867,  /* first_weakest_corner */
    -0.61347, -0.11925, /* first_mean_corner */
    -2.74241, 0.34587,  /* first_inside */
    0.83798,  0.01416,  /* first_outside */
    0.84584,  -0.14105, /* first_doubt */
    0.23327,  0.06875,  /* first_weakest_fit */
    -0.41117, 0.05194,  /* first_residual */
    0.52647,  -0.08481, /* first_bulge */
    0.05515,  0.03844,  /* first_snapped */
    -2.18354, -0.05023, /* first_others */
    0.03222,  0.00349,  /* first_level */
    -0.32609, 0.00755,  /* first_visible */
    -1.43913, 0.04366,  /* first_none */
    -0.06323, -0.11626, /* first_flat */
    0.72531,  -0.08527, /* second_fit_iou */
    0.88459,  0.07041,  /* second_weakest_edge */
    0.10505,  0.22214,  /* second_mean_edge */
    0.29754,  0.07420,  /* second_weakest_corner */
    -1.29192, 0.39274,  /* second_mean_corner */
    -2.75553, 0.61034,  /* second_inside */
    0.24082,  -0.42852, /* second_outside */
    1.68789,  -0.26786, /* second_doubt */
    1.26370,  -0.02917, /* second_weakest_fit */
    -0.54464, 0.57580,  /* second_residual */
    -0.00385, 0.01447,  /* second_bulge */
    -0.11394, -0.08014, /* second_snapped */
    1.32016,  -0.48340, /* second_others */
    -0.08672, -0.00940, /* second_level */
    -1.09492, 0.18158,  /* second_visible */
    -0.61922, 0.10818,  /* agreement */
    2.33940,  -0.06833, /* weakest_refine */
    -0.23907, -0.17438, /* mean_refine */
    0.25045,  -0.05678, /* contrast */
    -1.03701, 0.02800,  /* shift */
    1.40469,  0.06599,  /* area */
    -1.14775, -0.20143, /* angle */
    -3.62355,           /* constant */
};

static const double PAGE_WEIGHTS[2 * CC_FEATURE_COUNT + 1] = {
    -1.30986, 0.01699,  /* first_fit_iou */
    0.08181,  -0.01513, /* first_weakest_edge */
    0.34050,  0.15643,  /* first_mean_edge */
    0.59233,  0.04252,  /* first_weakest_corner */
    -0.97691, -0.20752, /* first_mean_corner */
    -0.74117, 0.39053,  /* first_inside */
    2.47933,  -0.37417, /* first_outside */
    0.32600,  -0.03421, /* first_doubt */
    1.25560,  -0.08842, /* first_weakest_fit */
    -3.50820, 0.28795,  /* first_residual */
    0.19185,  -0.00176, /* first_bulge */
    0.80543,  0.04166,  /* first_snapped */
    -1.43417, -0.06451, /* first_others */
    -0.16199, -0.01755, /* first_level */
    -1.48830, 0.13854,  /* first_visible */
    -0.47716, -0.03345, /* first_none */
    -0.53618, -0.39860, /* first_flat */
    3.13644,  0.09796,  /* second_fit_iou */
    -0.09413, -0.09218, /* second_weakest_edge */
    -0.47895, 0.17735,  /* second_mean_edge */
    0.59052,  0.14065,  /* second_weakest_corner */
    -0.82437, 0.06556,  /* second_mean_corner */
    3.96464,  0.32511,  /* second_inside */
    -1.87045, -0.44520, /* second_outside */
    -0.09128, -0.18874, /* second_doubt */
    1.03088,  0.01426,  /* second_weakest_fit */
    2.62338,  0.23750,  /* second_residual */
    -0.21833, 0.05140,  /* second_bulge */
    0.40718,  -0.10250, /* second_snapped */
    -0.14178, 0.02401,  /* second_others */
    0.15137,  0.01640,  /* second_level */
    -1.04298, 0.24532,  /* second_visible */
    -0.41001, 0.12288,  /* agreement */
    0.60256,  -0.13574, /* weakest_refine */
    -0.08474, -0.26933, /* mean_refine */
    0.49337,  -0.03653, /* contrast */
    -0.04286, 0.04794,  /* shift */
    2.05659,  0.41202,  /* area */
    -5.46488, 0.23478,  /* angle */
    -9.10157,           /* constant */
};

#endif
