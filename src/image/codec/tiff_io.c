#include "image/codec/format.h"

#if CLEARCUT_HAVE_TIFF

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "image/codec/tiff_io.h"

/* One strip may be the whole picture; nothing in a file may make libtiff ask for
 * more than this at once. */
#define MAX_SINGLE_ALLOCATION ((tmsize_t)1 << 30)

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t count)
{
    cc_tiff_memory *memory = handle;
    size_t size = memory->bytes != NULL ? memory->bytes->size : memory->size;
    const uint8_t *data = memory->bytes != NULL ? memory->bytes->data : memory->data;
    size_t wanted = count > 0 ? (size_t)count : 0;
    size_t left = memory->position < size ? size - (size_t)memory->position : 0;

    if (wanted > left) {
        memory->ended_early = true;
        wanted = left;
    }
    if (wanted > 0) {
        memcpy(to, data + memory->position, wanted);
    }
    memory->position += wanted;
    return (tmsize_t)wanted;
}

/* libtiff seeks beyond the end and fills the hole later. */
static bool grow_to(cc_tiff_memory *memory, uint64_t size)
{
    static const uint8_t zeros[4096];

    while (memory->status == CC_OK && memory->bytes->size < size) {
        uint64_t missing = size - memory->bytes->size;
        memory->status = cc_buffer_append(memory->bytes, zeros,
                                          missing < sizeof zeros ? (size_t)missing : sizeof zeros,
                                          0, memory->error);
    }
    return memory->status == CC_OK;
}

static tmsize_t write_bytes(thandle_t handle, void *from, tmsize_t count)
{
    cc_tiff_memory *memory = handle;

    if (memory->bytes == NULL || count < 0 ||
        !grow_to(memory, memory->position + (uint64_t)count)) {
        return -1;
    }
    if (count > 0) {
        memcpy(memory->bytes->data + memory->position, from, (size_t)count);
    }
    memory->position += (uint64_t)count;
    return count;
}

static toff_t get_size(thandle_t handle)
{
    const cc_tiff_memory *memory = handle;
    return memory->bytes != NULL ? memory->bytes->size : memory->size;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence)
{
    cc_tiff_memory *memory = handle;

    if (whence == SEEK_CUR) {
        offset += memory->position;
    } else if (whence == SEEK_END) {
        offset += get_size(handle);
    }
    memory->position = offset;
    return offset;
}

static int do_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

#if CC_TIFF_HAS_OPEN_OPTIONS

static int on_error(TIFF *tiff, void *user, const char *module, const char *format,
                    va_list arguments)
{
    cc_tiff_memory *memory = user;

    (void)tiff;
    (void)module;
    vsnprintf(memory->message, sizeof memory->message, format, arguments);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format,
                      va_list arguments)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)arguments;
    return 1;
}

TIFF *cc_tiff_open(cc_tiff_memory *memory)
{
    TIFFOpenOptions *options;
    TIFF *tiff;

    if (cc_tiff_library_open(NULL) != CC_OK) {
        return NULL;
    }
    options = TIFFOpenOptionsAlloc();
    if (options == NULL) {
        return NULL;
    }
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, MAX_SINGLE_ALLOCATION);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, memory);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, memory);
    tiff = TIFFClientOpenExt("picture", memory->bytes != NULL ? "w" : "rm", memory, read_bytes,
                             write_bytes, seek, do_nothing, get_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

#else

static void silence(void)
{
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
}

TIFF *cc_tiff_open(cc_tiff_memory *memory)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (cc_tiff_library_open(NULL) != CC_OK) {
        return NULL;
    }
    pthread_once(&once, silence); /* libtiff prints to stderr otherwise */
    return TIFFClientOpen("picture", memory->bytes != NULL ? "w" : "rm", memory, read_bytes,
                          write_bytes, seek, do_nothing, get_size, NULL, NULL);
}

#endif

#endif
