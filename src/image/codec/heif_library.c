#if CLEARCUT_HAVE_HEIF

#include "image/codec/heif_library.h"

cc_heif_table cc_heif_functions;

cc_status cc_heif_library_open(cc_error *error)
{
    static const char *const files[] = {"libheif.so.1", "libheif.1.dylib", "libheif.dylib", NULL};
    static const char *const functions[] = {CC_HEIF_FUNCTIONS(CC_LIBRARY_NAME) NULL};
    static cc_library library = {.files = files,
                                 .functions = functions,
                                 .table = &cc_heif_functions,
                                 .missing = "HEIC and AVIF need libheif, which cannot be opened "
                                            "on this machine (Debian: apt-get install libheif1); "
                                            "or convert the picture to PNG or JPEG"};

    return cc_library_open(&library, error);
}

#else

typedef int cc_heif_library_left_out; /* ISO C wants a declaration in every file */

#endif
