/* The packed kernels as bytes in the program; CLEARCUT_CUDA_IMAGE_FILE is the path. */
#if defined(__APPLE__)
#define SYMBOL(name) _##name
    .section __TEXT,__const
#else
#define SYMBOL(name) name
    .section .rodata, "a"
    .hidden cc_cuda_image_data
#endif
    .globl SYMBOL(cc_cuda_image_data)
    .balign 16
SYMBOL(cc_cuda_image_data):
    .incbin CLEARCUT_CUDA_IMAGE_FILE

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
