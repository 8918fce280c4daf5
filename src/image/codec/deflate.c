#include "image/codec/deflate.h"

#include <string.h>

#include <zlib.h>
#if CLEARCUT_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif
#if CLEARCUT_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "core/memory.h"

/* Compressed bytes are handed on in pieces of this size: one PNG chunk each. */
#define OUTPUT_SIZE ((size_t)64 << 10)

typedef enum deflate_engine { ENGINE_ZLIB, ENGINE_ISAL, ENGINE_LIBDEFLATE } deflate_engine;

struct cc_deflate {
    deflate_engine engine;
    int level;
    cc_deflate_sink sink;
    void *context;
    z_stream zlib;
    bool zlib_open;
#if CLEARCUT_HAVE_ISAL
    struct isal_zstream isal;
    uint8_t *isal_work;
#endif
#if CLEARCUT_HAVE_LIBDEFLATE
    struct libdeflate_compressor *compressor;
    uint8_t *gathered; /* libdeflate takes everything at once */
    size_t gathered_size;
    size_t total_size;
#endif
    uint8_t output[OUTPUT_SIZE];
};

static deflate_engine choose_engine(int level)
{
    if (level == 0) {
        return ENGINE_ZLIB; /* stored: any will do, and this one streams */
    }
#if CLEARCUT_HAVE_ISAL
    if (level <= 1) {
        return ENGINE_ISAL;
    }
#endif
#if CLEARCUT_HAVE_LIBDEFLATE
    return ENGINE_LIBDEFLATE;
#else
    return ENGINE_ZLIB;
#endif
}

const char *cc_deflate_library(int level)
{
    switch (choose_engine(level)) {
    case ENGINE_ISAL: return "ISA-L";
    case ENGINE_LIBDEFLATE: return "libdeflate";
    case ENGINE_ZLIB: break;
    }
    return "zlib";
}

/* ---- zlib ---- */

static voidpf zlib_allocate(voidpf unused, uInt count, uInt size)
{
    (void)unused;
    return cc_alloc_zeroed(count, size);
}

static void zlib_release(voidpf unused, voidpf memory)
{
    (void)unused;
    cc_free(memory);
}

static cc_status zlib_open(cc_deflate *stream, cc_error *error)
{
    int level = stream->level < 0 ? 1 : stream->level;

    stream->zlib.zalloc = zlib_allocate;
    stream->zlib.zfree = zlib_release;
    if (deflateInit2(&stream->zlib, level > 9 ? 9 : level, Z_DEFLATED, 15, 9, Z_FILTERED) != Z_OK) {
        return cc_fail_memory(error, (size_t)1 << 18);
    }
    stream->zlib_open = true;
    return CC_OK;
}

static cc_status zlib_write(cc_deflate *stream, const uint8_t *bytes, size_t size, bool last,
                            cc_error *error)
{
    z_stream *zlib = &stream->zlib;
    cc_status status = CC_OK;

    zlib->next_in = (Bytef *)(uintptr_t)bytes;
    zlib->avail_in = (uInt)size;
    do {
        zlib->next_out = stream->output;
        zlib->avail_out = (uInt)OUTPUT_SIZE;
        if (deflate(zlib, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) {
            return cc_fail(error, CC_INTERNAL, "zlib refuses to compress; please report this");
        }
        status =
            stream->sink(stream->context, stream->output, OUTPUT_SIZE - zlib->avail_out, error);
    } while (status == CC_OK && zlib->avail_out == 0);
    return status;
}

/* ---- ISA-L ---- */

#if CLEARCUT_HAVE_ISAL

static cc_status isal_open(cc_deflate *stream, cc_error *error)
{
    stream->isal_work = cc_alloc(ISAL_DEF_LVL1_DEFAULT);
    if (stream->isal_work == NULL) {
        return cc_fail_memory(error, ISAL_DEF_LVL1_DEFAULT);
    }
    isal_deflate_init(&stream->isal);
    stream->isal.level = 1;
    stream->isal.level_buf = stream->isal_work;
    stream->isal.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream->isal.gzip_flag = IGZIP_ZLIB;
    return CC_OK;
}

static cc_status isal_write(cc_deflate *stream, const uint8_t *bytes, size_t size, bool last,
                            cc_error *error)
{
    struct isal_zstream *isal = &stream->isal;
    cc_status status = CC_OK;

    isal->next_in = (uint8_t *)(uintptr_t)bytes;
    isal->avail_in = (uint32_t)size;
    isal->end_of_stream = last;
    do {
        isal->next_out = stream->output;
        isal->avail_out = (uint32_t)OUTPUT_SIZE;
        if (isal_deflate(isal) != COMP_OK) {
            return cc_fail(error, CC_INTERNAL, "ISA-L refuses to compress; please report this");
        }
        status =
            stream->sink(stream->context, stream->output, OUTPUT_SIZE - isal->avail_out, error);
    } while (status == CC_OK && isal->avail_out == 0);
    return status;
}

#endif

/* ---- libdeflate ---- */

#if CLEARCUT_HAVE_LIBDEFLATE

static cc_status libdeflate_open(cc_deflate *stream, size_t total_size, cc_error *error)
{
    stream->compressor = libdeflate_alloc_compressor(stream->level < 1 ? 1 : stream->level);
    stream->gathered = cc_alloc(total_size);
    stream->total_size = total_size;
    if (stream->compressor == NULL || stream->gathered == NULL) {
        return cc_fail_memory(error, total_size);
    }
    return CC_OK;
}

static cc_status libdeflate_finish(cc_deflate *stream, cc_error *error)
{
    size_t bound = libdeflate_zlib_compress_bound(stream->compressor, stream->gathered_size);
    uint8_t *compressed = cc_alloc(bound);
    cc_status status = CC_OK;
    size_t size;

    if (compressed == NULL) {
        return cc_fail_memory(error, bound);
    }
    size = libdeflate_zlib_compress(stream->compressor, stream->gathered, stream->gathered_size,
                                    compressed, bound);
    for (size_t at = 0; at < size && status == CC_OK; at += OUTPUT_SIZE) {
        size_t piece = size - at < OUTPUT_SIZE ? size - at : OUTPUT_SIZE;
        status = stream->sink(stream->context, compressed + at, piece, error);
    }
    cc_free(compressed);
    if (size == 0) {
        return cc_fail(error, CC_INTERNAL, "libdeflate refuses to compress; please report this");
    }
    return status;
}

static cc_status libdeflate_write(cc_deflate *stream, const uint8_t *bytes, size_t size, bool last,
                                  cc_error *error)
{
    if (size > stream->total_size - stream->gathered_size) {
        return cc_fail(error, CC_INTERNAL,
                       "more bytes to compress than announced; please report this");
    }
    memcpy(stream->gathered + stream->gathered_size, bytes, size);
    stream->gathered_size += size;
    return last ? libdeflate_finish(stream, error) : CC_OK;
}

#endif

/* ---- the choice among them ---- */

static cc_status open_engine(cc_deflate *stream, size_t total_size, cc_error *error)
{
    (void)total_size;
    switch (stream->engine) {
#if CLEARCUT_HAVE_ISAL
    case ENGINE_ISAL: return isal_open(stream, error);
#endif
#if CLEARCUT_HAVE_LIBDEFLATE
    case ENGINE_LIBDEFLATE: return libdeflate_open(stream, total_size, error);
#endif
    default: return zlib_open(stream, error);
    }
}

cc_status cc_deflate_open(int level, size_t total_size, cc_deflate_sink sink, void *context,
                          cc_deflate **result, cc_error *error)
{
    cc_deflate *stream = cc_alloc_zeroed(1, sizeof *stream);
    cc_status status;

    *result = NULL;
    if (stream == NULL) {
        return cc_fail_memory(error, sizeof *stream);
    }
    stream->engine = choose_engine(level);
    stream->level = level;
    stream->sink = sink;
    stream->context = context;
    status = open_engine(stream, total_size, error);
    if (status != CC_OK) {
        cc_deflate_close(stream);
        return status;
    }
    *result = stream;
    return CC_OK;
}

cc_status cc_deflate_write(cc_deflate *stream, const uint8_t *bytes, size_t size, bool last,
                           cc_error *error)
{
    switch (stream->engine) {
#if CLEARCUT_HAVE_ISAL
    case ENGINE_ISAL: return isal_write(stream, bytes, size, last, error);
#endif
#if CLEARCUT_HAVE_LIBDEFLATE
    case ENGINE_LIBDEFLATE: return libdeflate_write(stream, bytes, size, last, error);
#endif
    default: return zlib_write(stream, bytes, size, last, error);
    }
}

void cc_deflate_close(cc_deflate *stream)
{
    if (stream == NULL) {
        return;
    }
    if (stream->zlib_open) {
        deflateEnd(&stream->zlib);
    }
#if CLEARCUT_HAVE_ISAL
    cc_free(stream->isal_work);
#endif
#if CLEARCUT_HAVE_LIBDEFLATE
    if (stream->compressor != NULL) {
        libdeflate_free_compressor(stream->compressor);
    }
    cc_free(stream->gathered);
#endif
    cc_free(stream);
}
