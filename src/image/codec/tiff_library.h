/* libtiff, opened when a TIFF is first read or written (core/library.h): with the
 * C++ run-time library under it, linking it costs every start half a millisecond.
 *
 * After this header the functions of libtiff go through the table under their own
 * names. One that is not in the list does not link: add it. */
#ifndef CLEARCUT_IMAGE_CODEC_TIFF_LIBRARY_H
#define CLEARCUT_IMAGE_CODEC_TIFF_LIBRARY_H

#include <tiffio.h>

#include "core/library.h"

/* Per-handle error handlers came with libtiff 4.5. */
#if TIFFLIB_VERSION >= 20221213
#define CC_TIFF_HAS_OPEN_OPTIONS 1
#define CC_TIFF_OPEN_FUNCTIONS(ITEM)                                                               \
    ITEM(TIFFClientOpenExt)                                                                        \
    ITEM(TIFFOpenOptionsAlloc)                                                                     \
    ITEM(TIFFOpenOptionsFree)                                                                      \
    ITEM(TIFFOpenOptionsSetMaxSingleMemAlloc)                                                      \
    ITEM(TIFFOpenOptionsSetErrorHandlerExtR)                                                       \
    ITEM(TIFFOpenOptionsSetWarningHandlerExtR)
#else
#define CC_TIFF_HAS_OPEN_OPTIONS 0
#define CC_TIFF_OPEN_FUNCTIONS(ITEM)                                                               \
    ITEM(TIFFClientOpen)                                                                           \
    ITEM(TIFFSetErrorHandler)                                                                      \
    ITEM(TIFFSetWarningHandler)
#endif

#define CC_TIFF_FUNCTIONS(ITEM)                                                                    \
    CC_TIFF_OPEN_FUNCTIONS(ITEM)                                                                   \
    ITEM(TIFFClose)                                                                                \
    ITEM(TIFFFlush)                                                                                \
    ITEM(TIFFGetField)                                                                             \
    ITEM(TIFFGetFieldDefaulted)                                                                    \
    ITEM(TIFFIsCODECConfigured)                                                                    \
    ITEM(TIFFIsTiled)                                                                              \
    ITEM(TIFFLastDirectory)                                                                        \
    ITEM(TIFFNumberOfStrips)                                                                       \
    ITEM(TIFFRGBAImageBegin)                                                                       \
    ITEM(TIFFRGBAImageEnd)                                                                         \
    ITEM(TIFFRGBAImageGet)                                                                         \
    ITEM(TIFFRGBAImageOK)                                                                          \
    ITEM(TIFFRawStripSize64)                                                                       \
    ITEM(TIFFReadRawStrip)                                                                         \
    ITEM(TIFFReadScanline)                                                                         \
    ITEM(TIFFScanlineSize)                                                                         \
    ITEM(TIFFSetField)                                                                             \
    ITEM(TIFFWriteScanline)

CC_LIBRARY_TABLE(tiff, CC_TIFF_FUNCTIONS)

/* Filled by cc_tiff_library_open, which every use of libtiff comes after. */
extern cc_tiff_table cc_tiff_functions;

/* CC_UNSUPPORTED with the package to install if it is not on this machine. Any thread. */
cc_status cc_tiff_library_open(cc_error *error);

#define TIFFClientOpen cc_tiff_functions.TIFFClientOpen
#define TIFFClientOpenExt cc_tiff_functions.TIFFClientOpenExt
#define TIFFClose cc_tiff_functions.TIFFClose
#define TIFFFlush cc_tiff_functions.TIFFFlush
#define TIFFGetField cc_tiff_functions.TIFFGetField
#define TIFFGetFieldDefaulted cc_tiff_functions.TIFFGetFieldDefaulted
#define TIFFIsCODECConfigured cc_tiff_functions.TIFFIsCODECConfigured
#define TIFFIsTiled cc_tiff_functions.TIFFIsTiled
#define TIFFLastDirectory cc_tiff_functions.TIFFLastDirectory
#define TIFFNumberOfStrips cc_tiff_functions.TIFFNumberOfStrips
#define TIFFOpenOptionsAlloc cc_tiff_functions.TIFFOpenOptionsAlloc
#define TIFFOpenOptionsFree cc_tiff_functions.TIFFOpenOptionsFree
#define TIFFOpenOptionsSetMaxSingleMemAlloc cc_tiff_functions.TIFFOpenOptionsSetMaxSingleMemAlloc
#define TIFFOpenOptionsSetErrorHandlerExtR cc_tiff_functions.TIFFOpenOptionsSetErrorHandlerExtR
#define TIFFOpenOptionsSetWarningHandlerExtR cc_tiff_functions.TIFFOpenOptionsSetWarningHandlerExtR
#define TIFFRGBAImageBegin cc_tiff_functions.TIFFRGBAImageBegin
#define TIFFRGBAImageEnd cc_tiff_functions.TIFFRGBAImageEnd
#define TIFFRGBAImageGet cc_tiff_functions.TIFFRGBAImageGet
#define TIFFRGBAImageOK cc_tiff_functions.TIFFRGBAImageOK
#define TIFFRawStripSize64 cc_tiff_functions.TIFFRawStripSize64
#define TIFFReadRawStrip cc_tiff_functions.TIFFReadRawStrip
#define TIFFReadScanline cc_tiff_functions.TIFFReadScanline
#define TIFFScanlineSize cc_tiff_functions.TIFFScanlineSize
#define TIFFSetErrorHandler cc_tiff_functions.TIFFSetErrorHandler
#define TIFFSetField cc_tiff_functions.TIFFSetField
#define TIFFSetWarningHandler cc_tiff_functions.TIFFSetWarningHandler
#define TIFFWriteScanline cc_tiff_functions.TIFFWriteScanline

#endif
