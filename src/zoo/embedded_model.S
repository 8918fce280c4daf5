/* The page model's ONNX file as bytes in the program. The build passes the path as
 * CLEARCUT_PAGE_MODEL_FILE; without the file there is an empty model, which the
 * zoo reports as missing. */
#if defined(__APPLE__)
#define SYMBOL(name) _##name
    .section __TEXT,__const
#else
#define SYMBOL(name) name
    .section .rodata, "a"
    .hidden cc_page_model
    .hidden cc_page_model_size
#endif
    .globl SYMBOL(cc_page_model)
    .globl SYMBOL(cc_page_model_size)

    .balign 64
SYMBOL(cc_page_model):
#if defined(CLEARCUT_PAGE_MODEL_FILE)
    .incbin CLEARCUT_PAGE_MODEL_FILE
#endif
page_model_end:
    .balign 8
SYMBOL(cc_page_model_size):
    .quad page_model_end - SYMBOL(cc_page_model)

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
