/* Find the page in one photo and make it flat.
 *
 *     scan PHOTO OUTPUT
 *
 * Prints what was found. Shows the three answers that a scanner gives, none of
 * which is an error.
 */
#include <clearcut.h>
#include <stdio.h>

static clearcut_status write_page(clearcut_scanner *scanner, const clearcut_image *photo,
                                  const clearcut_page *page, const char *path,
                                  clearcut_error *error)
{
    clearcut_flatten_options options;
    clearcut_image *flat = NULL;
    clearcut_status status;

    clearcut_flatten_options_init(&options);
    options.aspect = page->aspect;
    status = clearcut_scanner_flatten(scanner, photo, page->corners, &options, &flat, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_image_write(flat, path, NULL, error);
    }
    clearcut_image_free(&flat);
    return status;
}

static clearcut_status scan(const char *photo_path, const char *output_path, clearcut_error *error)
{
    clearcut_scanner *scanner = NULL;
    clearcut_image *photo = NULL;
    clearcut_page page;
    clearcut_status status = clearcut_scanner_create(NULL, &scanner, error);

    if (status == CLEARCUT_OK) {
        status = clearcut_image_read(photo_path, NULL, &photo, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_scanner_find(scanner, photo, NULL, &page, error);
    }
    if (status == CLEARCUT_OK) {
        printf("%s: %s (confidence %.2f): %s\n", photo_path, clearcut_page_status_name(page.status),
               page.confidence, page.reason);
        if (page.status == CLEARCUT_PAGE_CORRECTED) {
            status = write_page(scanner, photo, &page, output_path, error);
        } else if (page.status == CLEARCUT_PAGE_FLAT) {
            status = clearcut_image_write(photo, output_path, NULL, error);
        }
    }
    clearcut_image_free(&photo);
    clearcut_scanner_free(&scanner);
    return status;
}

int main(int argc, char **argv)
{
    clearcut_error error;

    if (argc != 3) {
        fprintf(stderr, "usage: scan PHOTO OUTPUT\n");
        return 2;
    }
    if (scan(argv[1], argv[2], &error) != CLEARCUT_OK) {
        fprintf(stderr, "scan: %s\n", error.message);
        return 1;
    }
    return 0;
}
