/* The doctor: findings and proof, handed out as text and as JSON. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/memory.h"
#include "device/doctor.h"
#include "zoo/store.h"

#define PAGE_MODEL "the embedded page model"

struct clearcut_doctor {
    cc_doctor findings;
    cc_writer text;
    cc_writer json;
};

enum { USUAL_RUNS = 10, MOST_RUNS = 1000 };

void clearcut_doctor_options_init(clearcut_doctor_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->device = "auto";
    options->runs = USUAL_RUNS;
}

/* A file that leaves height and width open is asked about at 320x320. */
static cc_status settle_shape(cc_proof_model *model, cc_error *fault)
{
    enum { USUAL_SIDE = 320 };
    cc_network *network = NULL;
    const cc_tensor *input;
    cc_status status = cc_network_load_file(model->path, NULL, &network, fault);

    if (status != CC_OK) {
        return status;
    }
    input = cc_network_input_count(network) > 0 ? cc_network_input(network, 0) : NULL;
    if (input != NULL && input->shape.rank == 4 && input->shape.dims[2] == 1 &&
        input->shape.dims[3] == 1) {
        model->input_shape =
            cc_shape_make(4, (int64_t[]){1, input->shape.dims[1], USUAL_SIDE, USUAL_SIDE});
    }
    cc_network_free(network);
    return CC_OK;
}

static cc_status find_model(const char *wish, cc_model_source *source, cc_proof_model *model,
                            cc_error *fault)
{
    cc_status status;

    if (wish == NULL) {
        model->data = cc_embedded_page_model(&model->size);
        return model->size > 0 ? CC_OK
                               : cc_fail(fault, CC_MODEL,
                                         "this build has no embedded page model; name one with -m");
    }
    status = cc_model_resolve(wish, source, fault);
    if (status == CC_OK) {
        status = cc_model_verify(source, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    model->data = source->data;
    model->size = source->size;
    if (source->data == NULL) {
        model->path = source->path;
        status = settle_shape(model, fault);
    }
    return status;
}

static cc_status prove(const clearcut_doctor_options *wanted, clearcut_doctor *doctor,
                       cc_error *fault)
{
    const atomic_bool *cancel = wanted->cancel != NULL ? &wanted->cancel->requested : NULL;
    cc_model_source *source = cc_alloc_zeroed(1, sizeof *source);
    cc_proof_model model = {0};
    cc_device_request device;
    cc_thread_pool *pool = NULL;
    cc_status status;

    if (source == NULL) {
        return cc_fail_memory(fault, sizeof *source);
    }
    status = cc_device_parse(wanted->device, &device, fault);
    if (status == CC_OK) {
        status = find_model(wanted->model, source, &model, fault);
    }
    if (status == CC_OK) {
        status = cc_thread_pool_create(wanted->threads, &pool, fault);
    }
    if (status == CC_OK) {
        snprintf(doctor->findings.model, sizeof doctor->findings.model, "%s",
                 wanted->model != NULL ? wanted->model : PAGE_MODEL);
        status = cc_doctor_prove(&doctor->findings, &device, &model,
                                 wanted->runs > 0 ? wanted->runs : USUAL_RUNS, pool, cancel, fault);
    }
    cc_thread_pool_destroy(pool);
    cc_free(source);
    return status;
}

static cc_status examine(const clearcut_doctor_options *theirs, clearcut_doctor **doctor,
                         cc_error *fault)
{
    clearcut_doctor_options wanted;
    cc_status status;

    clearcut_doctor_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status == CC_OK && (wanted.runs < 0 || wanted.runs > MOST_RUNS || wanted.threads < 0 ||
                            wanted.threads > 1024)) {
        status = cc_fail(fault, CC_INVALID_ARGUMENT, "%d runs on %d threads; 1 to %d, 0 to 1024",
                         wanted.runs, wanted.threads, MOST_RUNS);
    }
    if (status != CC_OK) {
        return status;
    }
    *doctor = cc_alloc_zeroed(1, sizeof **doctor);
    if (*doctor == NULL) {
        return cc_fail_memory(fault, sizeof **doctor);
    }
    cc_doctor_look(&(*doctor)->findings);
    status = prove(&wanted, *doctor, fault);
    if (status == CC_OK) {
        cc_doctor_write_text(&(*doctor)->findings, clearcut_version(), &(*doctor)->text);
        cc_doctor_write_json(&(*doctor)->findings, clearcut_version(), &(*doctor)->json);
        /* The zeros that end them. */
        if ((*doctor)->text.failed || (*doctor)->json.failed ||
            cc_buffer_append(&(*doctor)->text.bytes, "", 1, 0, NULL) != CC_OK ||
            cc_buffer_append(&(*doctor)->json.bytes, "", 1, 0, NULL) != CC_OK) {
            status = cc_fail_memory(fault, (*doctor)->text.bytes.size);
        }
    }
    if (status != CC_OK) {
        clearcut_doctor_free(doctor);
    }
    return status;
}

clearcut_status clearcut_doctor_examine(const clearcut_doctor_options *options,
                                        clearcut_doctor **doctor, clearcut_error *error)
{
    cc_error fault = {0};

    if (doctor == NULL) {
        return cc_api_return(cc_api_missing("doctor", &fault), &fault, error);
    }
    *doctor = NULL;
    return cc_api_return(examine(options, doctor, &fault), &fault, error);
}

void clearcut_doctor_free(clearcut_doctor **doctor)
{
    if (doctor == NULL || *doctor == NULL) {
        return;
    }
    cc_buffer_free(&(*doctor)->text.bytes);
    cc_buffer_free(&(*doctor)->json.bytes);
    cc_free(*doctor);
    *doctor = NULL;
}

bool clearcut_doctor_proven(const clearcut_doctor *doctor)
{
    return cc_doctor_proven(&doctor->findings);
}

bool clearcut_doctor_uses_gpu(const clearcut_doctor *doctor)
{
    return cc_doctor_uses_gpu(&doctor->findings);
}

const char *clearcut_doctor_text(const clearcut_doctor *doctor)
{
    return (const char *)doctor->text.bytes.data;
}

const char *clearcut_doctor_json(const clearcut_doctor *doctor)
{
    return (const char *)doctor->json.bytes.data;
}
