/* Cut the subject out of one photo.
 *
 *     cutout MODEL PHOTO OUTPUT
 *
 * MODEL is a name ("silueta") or the path of an ONNX file. The output's format
 * follows its ending.
 */
#include <clearcut.h>
#include <stdio.h>

static clearcut_status cut(const char *model, const char *photo_path, const char *output_path,
                           clearcut_error *error)
{
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_image *photo = NULL;
    clearcut_image *cutout = NULL;
    clearcut_status status;

    clearcut_session_options_init(&options);
    options.model = model;

    /* A session costs most; with many photos it is made once and used for all. */
    status = clearcut_session_create(&options, &session, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_image_read(photo_path, NULL, &photo, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_session_cut(session, photo, NULL, &cutout, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_image_write(cutout, output_path, NULL, error);
    }

    /* Whatever was not made is NULL, and freeing NULL is allowed. */
    clearcut_image_free(&cutout);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
    return status;
}

int main(int argc, char **argv)
{
    clearcut_error error;

    if (argc != 4) {
        fprintf(stderr, "usage: cutout MODEL PHOTO OUTPUT\n");
        return 2;
    }
    if (cut(argv[1], argv[2], argv[3], &error) != CLEARCUT_OK) {
        fprintf(stderr, "cutout: %s\n", error.message);
        return 1;
    }
    return 0;
}
