/* One GPU in use: its context, our kernels loaded into it, a stream. */
#ifndef CLEARCUT_NN_CUDA_GPU_H
#define CLEARCUT_NN_CUDA_GPU_H

#include "nn/cuda/driver.h"
#include "nn/cuda/kernels/launch.h"

/* Everything here is one thread's at a time. */
typedef struct cc_cuda_gpu {
    const cc_cuda_driver *driver;
    cc_cuda_device_facts facts;
    cc_cuda_context context; /* the device's primary one, shared by the process */
    cc_cuda_module module;
    cc_cuda_function functions[CC_CUDA_KERNEL_COUNT];
    cc_cuda_stream stream;
    char level[24];      /* what the kernels were compiled for: "sm_90"; "sm_90 from PTX" */
    char note[192];      /* why the driver compiles from PTX; "" = machine code fits */
    int process;         /* that opened it */
    cc_cuda_result lost; /* the error after which the context is of no use; 0 = none */
    bool entered;
} cc_cuda_gpu;

/* Open device `index` (as in cuda:N): find the driver, make the primary context,
 * choose an image by compute capability (cc_cuda_image_candidates), and load it. If
 * the driver refuses machine code as not its own (209, 218, 222), PTX is tried and
 * gpu->note says so. The context is not current afterwards. On failure *gpu is {0};
 * CC_DEVICE for everything that is the device's, CC_CORRUPT for damaged kernels.
 * Other threads may open the same device for themselves; the first one keeps its
 * context for the process (cc_cuda_keep_context). */
cc_status cc_cuda_gpu_open(int index, cc_cuda_gpu *gpu, cc_error *error);

/* Unload and release; harmless on {0}. In a forked child, and after the device was
 * lost without an answer, nothing is asked of the driver. Inside or outside
 * enter/leave. */
void cc_cuda_gpu_close(cc_cuda_gpu *gpu);

/* Make the context current to this thread, and give the thread back its own. Every
 * driver call happens between the two. CC_DEVICE after a fork and on a lost device,
 * and then `leave` does nothing. */
cc_status cc_cuda_gpu_enter(cc_cuda_gpu *gpu, cc_error *error);
void cc_cuda_gpu_leave(cc_cuda_gpu *gpu);

/* The same for freeing what the device holds: also on a lost one, whose calls fail but
 * return. False, and nothing may be freed, where not even that is safe: after a fork,
 * and when the GPU has stopped answering. */
bool cc_cuda_gpu_enter_to_free(cc_cuda_gpu *gpu);

/* CC_OK for result 0; else cc_cuda_fail, and gpu->lost is kept if it was fatal. */
cc_status cc_cuda_gpu_check(cc_cuda_gpu *gpu, cc_cuda_result result, const char *what,
                            cc_error *error);

/* Start a kernel on the stream. parameters: the structure of launch.h for that
 * kernel, copied by the driver before this returns. */
cc_status cc_cuda_gpu_launch(cc_cuda_gpu *gpu, const cc_cuda_launch *launch, void *parameters,
                             cc_error *error);

/* Wait for all work of the stream: at first busily, then by naps. A GPU that gives
 * no answer within `seconds` (0 = 60) is given up as lost: CC_DEVICE, and the
 * caller must not free what the GPU may still write to. */
cc_status cc_cuda_gpu_wait(cc_cuda_gpu *gpu, int seconds, cc_error *error);

/* Device memory. On failure *address is 0; for a lack of memory *lacking (may be
 * NULL) is set, and the message tells wanted, free and whole size. Freeing 0 is
 * allowed; the stream must be idle. */
cc_status cc_cuda_gpu_allocate(cc_cuda_gpu *gpu, size_t bytes, cc_cuda_address *address,
                               bool *lacking, cc_error *error);
void cc_cuda_gpu_free(cc_cuda_gpu *gpu, cc_cuda_address address);

/* Memory of this machine that the GPU reads and writes directly (page-locked). */
cc_status cc_cuda_gpu_allocate_host(cc_cuda_gpu *gpu, size_t bytes, void **memory, cc_error *error);
void cc_cuda_gpu_free_host(cc_cuda_gpu *gpu, void *memory);

#endif
