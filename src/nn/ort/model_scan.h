/* What must be known about an ONNX file before ONNX Runtime may see it. */
#ifndef CLEARCUT_NN_ORT_MODEL_SCAN_H
#define CLEARCUT_NN_ORT_MODEL_SCAN_H

#include "nn/protobuf.h"

enum { CC_ORT_MOST_OPEN = 16, CC_ORT_DIMENSION_NAME = 64 };

/* A named dimension that the file leaves open: "batch", "height". */
typedef struct cc_ort_open_dimension {
    char name[CC_ORT_DIMENSION_NAME];
    int input; /* which of the graph's inputs */
    int dimension;
} cc_ort_open_dimension;

typedef struct cc_ort_model_facts {
    bool external_data; /* some tensor lies in another file */
    int open_count;     /* each name once; names beyond the limits are left out */
    cc_ort_open_dimension open[CC_ORT_MOST_OPEN];
} cc_ort_model_facts;

/* Walk over the file's messages; tensors in subgraphs included, down to 8 levels
 * (deeper is CC_LIMIT). CC_CORRUPT if they do not hold together. Nothing is
 * allocated. Any thread. */
cc_status cc_ort_model_scan(const void *data, size_t size, cc_ort_model_facts *facts,
                            cc_error *error);

#endif
