/* Everything that `clearcut doctor` finds out, and how it is told. */
#ifndef CLEARCUT_DEVICE_DOCTOR_H
#define CLEARCUT_DEVICE_DOCTOR_H

#include "device/proof.h"
#include "device/surroundings.h"
#include "device/writer.h"
#include "nn/cuda/driver.h"
#include "nn/ort/search.h"

enum { CC_DOCTOR_MOST_GPUS = 16, CC_DOCTOR_MOST_PROVIDERS = 12, CC_DOCTOR_TEXT = 1024 };

/* One of ONNX Runtime's providers that its library lists. */
typedef struct cc_doctor_provider {
    char name[32];                /* "cuda" */
    char full_name[64];           /* "CUDAExecutionProvider" */
    char problem[CC_DOCTOR_TEXT]; /* why it does not start; "" = it does */
} cc_doctor_provider;

typedef struct cc_doctor {
    /* the processor */
    char cpu_name[128];
    char cpu_level[48];
    int threads; /* that this process may use */
    /* NVIDIA */
    cc_surroundings here;
    cc_nvml_facts nvml;
    cc_cuda_facts cuda;
    char kernels[128]; /* which compiler made ours, or why there are none */
    int images;        /* sets of kernels in the program */
    int gpu_count;
    cc_cuda_device_facts gpus[CC_DOCTOR_MOST_GPUS];
    /* ONNX Runtime */
    cc_ort_search search;
    bool ort_opened;
    char ort_problem[CC_DOCTOR_TEXT];
    char ort_version[32];
    char ort_path[CC_ORT_PATH_SIZE];
    int provider_count;
    cc_doctor_provider providers[CC_DOCTOR_MOST_PROVIDERS];
    /* the device asked for */
    char requested[64];
    cc_device_choice choice;
    char choice_problem[CC_DOCTOR_TEXT]; /* "" = it can be used */
    /* the proof */
    char model[256];
    char proof_problem[CC_DOCTOR_TEXT]; /* "" = it was measured */
    cc_measured measured;
    cc_verdict verdict;
} cc_doctor;

/* Find out what is here; starts no GPU work but opens the libraries. Any thread. */
void cc_doctor_look(cc_doctor *doctor);

/* Choose and measure. What does not work is a finding in *doctor, not an error;
 * errors are CC_CANCELLED, CC_OUT_OF_MEMORY and CC_INVALID_ARGUMENT (a device that is
 * none). */
cc_status cc_doctor_prove(cc_doctor *doctor, const cc_device_request *device,
                          const cc_proof_model *model, int runs, cc_thread_pool *pool,
                          const atomic_bool *cancel, cc_error *error);

/* The device asked for does the work, by the measurements. */
bool cc_doctor_proven(const cc_doctor *doctor);
/* And it is a GPU. */
bool cc_doctor_uses_gpu(const cc_doctor *doctor);
/* "GPU (CUDA)", "CPU", "OpenVINOExecutionProvider" into text; returns text. */
const char *cc_doctor_provider_name(const cc_doctor *doctor, char *text, size_t size);
/* Why the GPU is not active, in one line; "" if it is. Returns text. */
const char *cc_doctor_why_no_gpu(const cc_doctor *doctor, char *text, size_t size);

/* The findings for people, lines, and for machines, one JSON object without a line
 * feed. version: of this program. */
void cc_doctor_write_text(const cc_doctor *doctor, const char *version, cc_writer *writer);
void cc_doctor_write_json(const cc_doctor *doctor, const char *version, cc_writer *writer);

#endif
