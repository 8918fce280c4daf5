#if CLEARCUT_HAVE_TIFF

#include "image/codec/tiff_library.h"

cc_tiff_table cc_tiff_functions;

cc_status cc_tiff_library_open(cc_error *error)
{
    static const char *const files[] = {"libtiff.so.6", "libtiff.so.5", "libtiff.6.dylib",
                                        "libtiff.dylib", NULL};
    static const char *const functions[] = {CC_TIFF_FUNCTIONS(CC_LIBRARY_NAME) NULL};
    static cc_library library = {.files = files,
                                 .functions = functions,
                                 .table = &cc_tiff_functions,
                                 .missing = "TIFF needs libtiff, which cannot be opened on this "
                                            "machine (Debian: apt-get install libtiff6); or "
                                            "choose PNG"};

    return cc_library_open(&library, error);
}

#else

typedef int cc_tiff_library_left_out; /* ISO C wants a declaration in every file */

#endif
