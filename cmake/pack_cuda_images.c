/* Build tool: compiled kernels into one file of zlib streams and the C table of
 * src/nn/cuda/image.h.
 *
 *   pack_cuda_images TABLE.c DATA.bin ORIGIN [KIND ARCHITECTURE FILE]...
 *
 * KIND is "code" or "ptx".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void stop(const char *what, const char *name)
{
    fprintf(stderr, "pack_cuda_images: %s: %s\n", what, name);
    exit(1);
}

static unsigned char *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    unsigned char *data;
    long length;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) <= 0) {
        stop("cannot read", name);
    }
    rewind(file);
    data = malloc((size_t)length + 1);
    if (!data || fread(data, 1, (size_t)length, file) != (size_t)length) {
        stop("cannot read", name);
    }
    fclose(file);
    data[length] = 0;
    *size = (size_t)length;
    return data;
}

int main(int argc, char **argv)
{
    FILE *table;
    FILE *blob;
    size_t offset = 0;

    if (argc < 4 || (argc - 4) % 3 != 0) {
        stop("usage", "TABLE.c DATA.bin ORIGIN [KIND ARCHITECTURE FILE]...");
    }
    table = fopen(argv[1], "w");
    blob = fopen(argv[2], "wb");
    if (!table || !blob) {
        stop("cannot write", argv[table ? 2 : 1]);
    }
    fprintf(table, "/* Written by cmake/pack_cuda_images.c. */\n#include \"nn/cuda/image.h\"\n\n"
                   "const cc_cuda_image cc_cuda_images[] = {\n");
    for (int i = 4; i < argc; i += 3) {
        int is_ptx = strcmp(argv[i], "ptx") == 0;
        int architecture = atoi(argv[i + 1]);
        size_t size;
        unsigned char *data = read_file(argv[i + 2], &size);
        uLongf packed_size = compressBound((uLong)size);
        unsigned char *packed = malloc(packed_size);

        if (!packed || compress2(packed, &packed_size, data, (uLong)size, 9) != Z_OK ||
            fwrite(packed, 1, packed_size, blob) != packed_size) {
            stop("cannot pack", argv[i + 2]);
        }
        fprintf(table, "    {%d, %s, %zu, %lu, %zu},\n", architecture,
                is_ptx ? "CC_CUDA_IMAGE_PTX" : "CC_CUDA_IMAGE_MACHINE_CODE", offset,
                (unsigned long)packed_size, size);
        offset += packed_size;
        free(packed);
        free(data);
    }
    fprintf(table, "};\nconst int cc_cuda_image_count = %d;\n", (argc - 4) / 3);
    fprintf(table, "const char cc_cuda_image_origin[] = \"%s\";\n", argv[3]);
    if (fclose(table) != 0 || fclose(blob) != 0) {
        stop("cannot write", argv[1]);
    }
    return 0;
}
