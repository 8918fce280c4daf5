/* The embedded images: every one is what the table says, holds every kernel, and
 * spills nothing. Reads the ELF itself: cuobjdump is not everywhere. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/memory.h"
#include "nn/cuda/image.h"
#include "nn/cuda/kernels/launch.h"

static void need_images(void)
{
    if (cc_cuda_image_count == 0) {
        print_message("skipped: %s\n", cc_cuda_image_origin);
        skip();
    }
}

static void *unpacked(const cc_cuda_image *image)
{
    void *data = NULL;
    cc_error error;

    if (cc_cuda_image_unpack(image, &data, &error) != CC_OK) {
        print_error("%s\n", error.message);
        fail();
    }
    return data;
}

/* ---- ELF: only what is needed, every offset checked ---- */

typedef struct elf {
    const unsigned char *data;
    size_t size;
} elf;

typedef struct section {
    const char *name;
    const unsigned char *data;
    size_t size;
} section;

static uint64_t number(elf file, size_t at, int bytes)
{
    uint64_t value = 0;

    assert_true(at + (size_t)bytes <= file.size);
    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | file.data[at + (size_t)i];
    }
    return value;
}

static int section_count(elf file)
{
    return (int)number(file, 60, 2);
}

static section section_at(elf file, int index)
{
    const size_t table = number(file, 40, 8), entry = number(file, 58, 2);
    const size_t names = table + number(file, 62, 2) * entry, at = table + (size_t)index * entry;
    section result;
    const size_t name = number(file, names + 24, 8) + number(file, at, 4);

    assert_true(name < file.size && memchr(file.data + name, 0, file.size - name));
    result.name = (const char *)file.data + name;
    result.data = file.data + number(file, at + 24, 8);
    result.size = number(file, at + 32, 8);
    assert_true(number(file, at + 24, 8) + result.size <= file.size ||
                number(file, at + 4, 4) == 8 /* no bytes in the file */);
    return result;
}

static bool find_section(elf file, const char *prefix, const char *name, section *found)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "%s%s", prefix, name);
    for (int i = 0; i < section_count(file); i++) {
        *found = section_at(file, i);
        if (strcmp(found->name, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* Name of symbol `index` of the file's symbol table. */
static const char *symbol_name(elf file, uint32_t index)
{
    section symbols, names;

    assert_true(find_section(file, ".symtab", "", &symbols));
    assert_true(find_section(file, ".strtab", "", &names));
    const uint64_t name = number((elf){symbols.data, symbols.size}, (size_t)index * 24, 4);
    assert_true(name < names.size);
    return (const char *)names.data + name;
}

/* Sum of an attribute of .nv.info, whose entries are (symbol, value), over the symbols
 * called `name`, or over all if that is NULL. */
static uint32_t info_total(elf file, int attribute, const char *name)
{
    section info;
    uint32_t total = 0;

    assert_true(find_section(file, ".nv.info", "", &info));
    const elf bytes = {info.data, info.size};
    for (size_t at = 0; at + 4 <= info.size;) {
        const int format = info.data[at], kind = info.data[at + 1];
        const size_t length = format == 4 ? number(bytes, at + 2, 2) : 0;
        if (format == 4 && kind == attribute && length >= 8 &&
            (!name || strcmp(symbol_name(file, (uint32_t)number(bytes, at + 4, 4)), name) == 0)) {
            total += (uint32_t)number(bytes, at + 8, 4);
        }
        at += 4 + length;
    }
    return total;
}

/* ---- tests ---- */

static void test_machine_code(void **unused)
{
    const bool print = getenv("CLEARCUT_PRINT_KERNELS") != NULL;
    enum { FRAME_SIZE = 0x11, REGISTERS = 0x2F }; /* EIATTR_FRAME_SIZE, _REGCOUNT */

    (void)unused;
    need_images();
    for (int i = 0; i < cc_cuda_image_count; i++) {
        const cc_cuda_image *image = &cc_cuda_images[i];
        if (image->kind != CC_CUDA_IMAGE_MACHINE_CODE) {
            continue;
        }
        void *data = unpacked(image);
        const elf file = {data, image->unpacked_size};
        assert_memory_equal(data, "\177ELF\2\1", 6);
        assert_int_equal(number(file, 18, 2), 190); /* EM_CUDA */
        for (int k = 0; k < CC_CUDA_KERNEL_COUNT; k++) {
            section text;
            if (!find_section(file, ".text.", cc_cuda_kernels[k].name, &text)) {
                print_error("sm_%d lacks %s\n", image->architecture, cc_cuda_kernels[k].name);
                fail();
            }
            /* A multiprocessor has 64 Ki registers. */
            const uint32_t registers = info_total(file, REGISTERS, cc_cuda_kernels[k].name);
            assert_in_range(registers, 8, 255);
            assert_true((registers + 7) / 8 * 8 * cc_cuda_kernels[k].threads <= 65536);
            if (print) {
                print_message("sm_%d %s: %u registers, %zu bytes\n", image->architecture,
                              cc_cuda_kernels[k].name, registers, text.size);
            }
        }
        assert_int_equal(info_total(file, FRAME_SIZE, NULL), 0); /* nothing spilled */
        cc_free(data);
    }
}

static void test_ptx(void **unused)
{
    int found = 0;

    (void)unused;
    need_images();
    for (int i = 0; i < cc_cuda_image_count; i++) {
        const cc_cuda_image *image = &cc_cuda_images[i];
        if (image->kind != CC_CUDA_IMAGE_PTX) {
            continue;
        }
        char *text = unpacked(image), target[32];
        found++;
        assert_int_equal(strlen(text), image->unpacked_size);
        /* Readable by drivers far older than the compiler. */
        assert_non_null(
            strstr(text, image->architecture >= 80 ? "\n.version 7.0\n" : "\n.version 6.5\n"));
        snprintf(target, sizeof target, "\n.target sm_%d\n", image->architecture);
        assert_non_null(strstr(text, target));
        for (int k = 0; k < CC_CUDA_KERNEL_COUNT; k++) {
            char entry[128];
            snprintf(entry, sizeof entry, ".entry %s(", cc_cuda_kernels[k].name);
            assert_non_null(strstr(text, entry));
        }
        cc_free(text);
    }
    assert_true(found > 0);
}

static void test_table(void **unused)
{
    (void)unused;
    assert_true(strlen(cc_cuda_image_origin) > 0);
    need_images();
    for (int i = 0; i < cc_cuda_image_count; i++) {
        const cc_cuda_image *image = &cc_cuda_images[i];
        assert_in_range(image->architecture, 75, 999);
        assert_true(image->size > 0 && image->size < image->unpacked_size);
        if (i > 0) {
            const cc_cuda_image *before = image - 1;
            assert_true(image->offset == before->offset + before->size);
            assert_true(
                image->architecture > before->architecture ||
                (image->architecture == before->architecture && image->kind > before->kind));
        }
    }
}

static void test_candidates(void **unused)
{
    int indices[2];

    (void)unused;
    need_images();
    assert_int_equal(cc_cuda_image_candidates(70, indices), 0); /* Volta is too old */
    for (int i = 0; i < cc_cuda_image_count; i++) {
        const cc_cuda_image *image = &cc_cuda_images[i];
        if (image->kind != CC_CUDA_IMAGE_MACHINE_CODE) {
            continue;
        }
        assert_true(cc_cuda_image_candidates(image->architecture, indices) >= 1);
        assert_int_equal(indices[0], i);
        for (int minor = 0; minor < 10; minor++) { /* relatives: never a later minor version */
            const int capability = image->architecture / 10 * 10 + minor;
            const int count = cc_cuda_image_candidates(capability, indices);
            for (int c = 0; c < count; c++) {
                assert_true(cc_cuda_images[indices[c]].architecture <= capability);
            }
        }
    }
    /* What comes later gets PTX only. */
    assert_int_equal(cc_cuda_image_candidates(990, indices), 1);
    assert_int_equal(cc_cuda_images[indices[0]].kind, CC_CUDA_IMAGE_PTX);
}

static void test_damage(void **unused)
{
    cc_cuda_image image;
    void *data = &image;
    cc_error error;

    (void)unused;
    need_images();
    image = cc_cuda_images[0];
    image.size -= 5;
    assert_int_equal(cc_cuda_image_unpack(&image, &data, &error), CC_CORRUPT);
    assert_null(data);
    image = cc_cuda_images[0];
    image.unpacked_size++;
    assert_int_equal(cc_cuda_image_unpack(&image, &data, &error), CC_CORRUPT);
    image = cc_cuda_images[0];
    image.unpacked_size /= 2;
    assert_int_equal(cc_cuda_image_unpack(&image, &data, &error), CC_CORRUPT);
    image = cc_cuda_images[0];
    image.offset += 1;
    assert_int_equal(cc_cuda_image_unpack(&image, &data, &error), CC_CORRUPT);
    cc_memory_fail_after(0);
    assert_int_equal(cc_cuda_image_unpack(&cc_cuda_images[0], &data, &error), CC_OUT_OF_MEMORY);
    cc_memory_fail_after(-1);
    assert_null(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine_code), cmocka_unit_test(test_ptx),
        cmocka_unit_test(test_table),        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
