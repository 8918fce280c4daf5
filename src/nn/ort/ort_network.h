/* A network in ONNX Runtime's hands: shared by the files of this folder. */
#ifndef CLEARCUT_NN_ORT_ORT_NETWORK_H
#define CLEARCUT_NN_ORT_ORT_NETWORK_H

#include <sys/types.h>

#include "nn/engine.h"
#include "nn/ort/assignment.h"
#include "nn/ort/model_scan.h"
#include "nn/ort/provider.h"

/* One input or output as the library has it; the cc_port beside it is what our
 * callers see: float16 is float32 there. */
typedef struct cc_ort_port {
    char *name;
    int element_type; /* cc_dtype's numbers are ONNX's for all types that we take */
    bool half;        /* float16 in the file: converted on the way */
    uint16_t *halves; /* room for them; NULL if not half */
} cc_ort_port;

typedef struct cc_ort_network {
    const cc_ort_library *library;
    const cc_ort_provider *provider;
    cc_ort_session *session;
    cc_ort_run_options *run_options;
    cc_ort_port *ours; /* inputs, then outputs, as in signature */
    cc_port *ports;
    cc_signature signature;
    cc_ort_value **values;    /* room for inputs and outputs of a run */
    const char **names;       /* of inputs, then outputs */
    cc_ort_assignment placed; /* who does what */
    const char *placed_by;    /* "the session" or "a profiled run": where that is from */
    char engine[48];
    char device_name[128];
    pid_t process; /* that loaded it: the library's threads do not survive a fork */
    int threads;
} cc_ort_network;

/* What a session is made from and for. */
typedef struct cc_ort_recipe {
    const cc_network_source *source;
    const cc_network_options *options;
    const cc_ort_model_facts *facts;
    bool may_fall_back;         /* the processor may take what the provider does not */
    const char *profile_prefix; /* NULL = no profile */
} cc_ort_recipe;

/* Make a session by a recipe. CC_DEVICE if the provider is to blame, CC_MODEL or
 * CC_UNSUPPORTED if the model is. On failure *session is NULL. */
cc_status cc_ort_session_create(const cc_ort_library *library, const cc_ort_provider *provider,
                                const cc_ort_recipe *recipe, cc_ort_session **session,
                                cc_error *error);

/* Read names, types and shapes of network->session into ports and signature; open
 * dimensions of outputs are -1 until cc_ort_rehearse. */
cc_status cc_ort_describe(cc_ort_network *network, const cc_network_options *options,
                          cc_error *error);

/* One run on zeros, which settles the shapes of outputs that the file leaves open. */
cc_status cc_ort_rehearse(cc_ort_network *network, cc_error *error);

/* Are there outputs that only a run can tell the shape of? */
bool cc_ort_needs_rehearsal(const cc_ort_network *network);

/* Room for the conversions of ports from .. to-1, whose shapes are known by now.
 * CC_LIMIT if one is too large. */
cc_status cc_ort_make_room(cc_ort_network *network, int from, int to, cc_error *error);

/* As cc_network_run. Outputs are filled with a pattern first: a library that claims
 * success and leaves some of it there is CC_DEVICE. */
cc_status cc_ort_run(cc_ort_network *network, const void *const *inputs, void *const *outputs,
                     const atomic_bool *cancel, cc_error *error);

void cc_ort_network_free(cc_ort_network *network); /* NULL is allowed */

#endif
