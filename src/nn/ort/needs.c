#include "nn/ort/needs.h"

#include "core/file.h"

#if defined(__linux__)

#include <dlfcn.h>
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* size bytes at offset lie inside the file? */
static bool inside(const cc_file_view *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset;
}

static bool read_at(const cc_file_view *file, uint64_t offset, void *to, size_t size)
{
    if (!inside(file, offset, size)) {
        return false;
    }
    memcpy(to, file->data + offset, size);
    return true;
}

/* Where in the file an address of memory comes from, by the program headers. */
static bool file_offset(const cc_file_view *file, const Elf64_Ehdr *header, uint64_t address,
                        uint64_t *offset)
{
    for (int i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        if (!read_at(file, header->e_phoff + (uint64_t)i * sizeof segment, &segment,
                     sizeof segment)) {
            return false;
        }
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz) {
            *offset = segment.p_offset + (address - segment.p_vaddr);
            return true;
        }
    }
    return false;
}

static bool find_dynamic(const cc_file_view *file, const Elf64_Ehdr *header, Elf64_Phdr *dynamic)
{
    for (int i = 0; i < header->e_phnum; i++) {
        if (!read_at(file, header->e_phoff + (uint64_t)i * sizeof *dynamic, dynamic,
                     sizeof *dynamic)) {
            return false;
        }
        if (dynamic->p_type == PT_DYNAMIC) {
            return true;
        }
    }
    return false;
}

/* Entry `index` of the dynamic section; false behind its end. */
static bool dynamic_entry(const cc_file_view *file, const Elf64_Phdr *dynamic, uint64_t index,
                          Elf64_Dyn *entry)
{
    uint64_t offset = index * sizeof *entry;

    return offset < dynamic->p_filesz &&
           read_at(file, dynamic->p_offset + offset, entry, sizeof *entry) &&
           entry->d_tag != DT_NULL;
}

static bool is_found(const char *name, const char *path)
{
    char beside[1024];
    const char *slash = strrchr(path, '/');
    void *handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL);

    if (handle != NULL) {
        dlclose(handle);
        return true;
    }
    snprintf(beside, sizeof beside, "%.*s/%s", slash != NULL ? (int)(slash - path) : 1,
             slash != NULL ? path : ".", name);
    return access(beside, R_OK) == 0;
}

static int list_missing(const cc_file_view *file, const char *path, char *text, size_t size)
{
    Elf64_Ehdr header;
    Elf64_Phdr dynamic;
    Elf64_Dyn entry;
    uint64_t strings = 0;
    size_t used = 0;
    int count = 0;

    if (!read_at(file, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || !find_dynamic(file, &header, &dynamic)) {
        return 0;
    }
    for (uint64_t i = 0; dynamic_entry(file, &dynamic, i, &entry); i++) {
        if (entry.d_tag == DT_STRTAB && !file_offset(file, &header, entry.d_un.d_ptr, &strings)) {
            return 0;
        }
    }
    for (uint64_t i = 0; strings > 0 && dynamic_entry(file, &dynamic, i, &entry); i++) {
        char name[128] = "";
        uint64_t at = strings + entry.d_un.d_val;
        if (entry.d_tag != DT_NEEDED || at < strings || at >= file->size) {
            continue;
        }
        snprintf(name, sizeof name, "%.*s",
                 (int)(file->size - at < sizeof name ? file->size - at : sizeof name),
                 (const char *)file->data + at);
        if (name[0] != '\0' && strchr(name, '/') == NULL && !is_found(name, path)) {
            int wrote = snprintf(text + used, size - used, "%s%s", count > 0 ? ", " : "", name);
            used += wrote > 0 && (size_t)wrote < size - used ? (size_t)wrote : 0;
            count++;
        }
    }
    return count;
}

int cc_ort_missing_libraries(const char *path, char *text, size_t size)
{
    cc_file_view file;
    int count;

    text[0] = '\0';
    if (cc_file_map(path, &file, NULL) != CC_OK) {
        return 0;
    }
    count = list_missing(&file, path, text, size);
    cc_file_unmap(&file);
    return count;
}

#else

int cc_ort_missing_libraries(const char *path, char *text, size_t size)
{
    (void)path;
    (void)size;
    text[0] = '\0';
    return 0;
}

#endif
