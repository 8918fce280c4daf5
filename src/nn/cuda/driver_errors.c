/* The driver's error numbers in plain words. */
#include <stdlib.h>
#include <unistd.h>

#include "nn/cuda/driver.h"

/* No device: the reasons that can be told apart from here. */
static const char *remedy_no_device(void)
{
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");

    if (visible != NULL) {
        return "CUDA_VISIBLE_DEVICES is set: look whether it names a device that exists, or unset "
               "it";
    }
    if (access("/dev/nvidiactl", F_OK) == 0 || access("/dev/dxg", F_OK) == 0) {
        return "the driver's device files are here, but it shows no GPU: look at nvidia-smi and "
               "NVIDIA_VISIBLE_DEVICES";
    }
    return "there is no /dev/nvidia* here: load the driver's kernel module (nvidia-modprobe), or "
           "start the container with --gpus all";
}

/* Sources: the error descriptions of NVIDIA's driver API reference, and what is
 * usually behind them (shared/design/gpu-engine.md, "Driver"). */
static const struct {
    cc_cuda_result result;
    const char *text;
} remedies[] = {
    {CC_CUDA_OUT_OF_MEMORY,
     "use a smaller batch, --precision fp16, or end what else fills the GPU (nvidia-smi lists it)"},
    {CC_CUDA_NOT_INITIALIZED,
     "start GPU work only after fork(), in the process that does it, or start a new program"},
    {CC_CUDA_STUB_LIBRARY,
     "this is the toolkit's stub, made for linking only: take its folder (.../stubs) out of "
     "LD_LIBRARY_PATH"},
    {CC_CUDA_DEVICE_UNAVAILABLE,
     "another process holds the GPU in exclusive mode: end it, or nvidia-smi -c DEFAULT"},
    {CC_CUDA_INVALID_DEVICE, "clearcut doctor lists the devices and their numbers"},
    {CC_CUDA_INVALID_IMAGE, "the kernels inside this program are damaged: install it again"},
    {CC_CUDA_JIT_COMPILER_NOT_FOUND,
     "the driver's compiler library libnvidia-ptxjitcompiler.so.1 is missing: install the whole "
     "driver (NVIDIA_DRIVER_CAPABILITIES=compute,utility in a container)"},
    {CC_CUDA_UNSUPPORTED_PTX_VERSION, "update NVIDIA's driver"},
    {CC_CUDA_ILLEGAL_ADDRESS,
     "a GPU program went wrong, and the GPU is lost to this process: start it again; if it "
     "happens again, please report it"},
    {CC_CUDA_LAUNCH_TIMEOUT,
     "the GPU also drives a screen, whose watchdog stopped the program: use a smaller batch"},
    {CC_CUDA_LAUNCH_FAILED,
     "the GPU is lost to this process: start it again, and look at dmesg for NVRM and Xid lines"},
    {CC_CUDA_SYSTEM_NOT_READY,
     "machines with NVSwitch need the service nvidia-fabricmanager: start it"},
    {CC_CUDA_DRIVER_MISMATCH,
     "the driver's kernel module and library have different versions: restart the machine after "
     "the update"},
    {CC_CUDA_COMPATIBILITY_NOT_SUPPORTED,
     "a cuda-compat library is in the way, and this GPU does not support it: take its folder out "
     "of LD_LIBRARY_PATH"},
    {CC_CUDA_UNKNOWN,
     "look at the rights on /dev/nvidia* and whether nvidia-uvm is loaded (nvidia-modprobe -u), "
     "then at dmesg"},
};

const char *cc_cuda_remedy(cc_cuda_result result)
{
    if (result == CC_CUDA_NO_DEVICE) {
        return remedy_no_device();
    }
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
        if (remedies[i].result == result) {
            return remedies[i].text;
        }
    }
    return "";
}

bool cc_cuda_is_fatal(cc_cuda_result result)
{
    /* 702 and 710..719: faults of a running kernel, which end the context; 214: memory
     * error on the device; 226 and 46: the device went away. */
    return result == CC_CUDA_ILLEGAL_ADDRESS || result == CC_CUDA_LAUNCH_TIMEOUT ||
           (result >= 710 && result <= 719) || result == 214;
}

cc_status cc_cuda_fail(cc_error *error, const cc_cuda_driver *driver, cc_cuda_result result,
                       const char *what)
{
    const char *name = NULL;
    const char *text = NULL;
    const char *remedy = cc_cuda_remedy(result);

    if (driver == NULL || driver->cuGetErrorName(result, &name) != 0 || name == NULL) {
        name = "unknown error";
    }
    if (driver == NULL || driver->cuGetErrorString(result, &text) != 0 || text == NULL) {
        text = "no description";
    }
    return cc_fail(error, CC_DEVICE, "%s: %s (%d): %s%s%s", what, name, result, text,
                   remedy[0] != '\0' ? "; " : "", remedy);
}
