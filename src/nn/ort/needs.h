/* Which libraries a library needs and does not find: the loader names only the
 * first, and ONNX Runtime often none. */
#ifndef CLEARCUT_NN_ORT_NEEDS_H
#define CLEARCUT_NN_ORT_NEEDS_H

#include <stddef.h>

/* Read the dynamic section of the ELF file `path` (64 bits, this machine's byte
 * order) and try every library it names: those that the loader does not find, and
 * that do not lie beside it, go into text as "a.so.1, b.so.2" (always terminated, cut
 * off if too long). Returns how many there are; 0, too, if the file cannot be read.
 * Libraries that are found are loaded and let go again. Any thread. */
int cc_ort_missing_libraries(const char *path, char *text, size_t size);

#endif
