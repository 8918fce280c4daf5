/* libheif, opened when a HEIC or AVIF is first read (core/library.h): with four video
 * codecs under it, linking it costs every start 4 ms of processor time (measured).
 *
 * After this header the functions of libheif go through the table under their own
 * names. One that is not in the list does not link: add it. */
#ifndef CLEARCUT_IMAGE_CODEC_HEIF_LIBRARY_H
#define CLEARCUT_IMAGE_CODEC_HEIF_LIBRARY_H

#include <libheif/heif.h>

#include "core/library.h"

#define CC_HEIF_FUNCTIONS(ITEM)                                                                    \
    ITEM(heif_context_alloc)                                                                       \
    ITEM(heif_context_free)                                                                        \
    ITEM(heif_context_get_primary_image_handle)                                                    \
    ITEM(heif_context_read_from_memory_without_copy)                                               \
    ITEM(heif_decode_image)                                                                        \
    ITEM(heif_image_get_height)                                                                    \
    ITEM(heif_image_get_plane_readonly)                                                            \
    ITEM(heif_image_get_width)                                                                     \
    ITEM(heif_image_handle_get_height)                                                             \
    ITEM(heif_image_handle_get_list_of_metadata_block_IDs)                                         \
    ITEM(heif_image_handle_get_metadata)                                                           \
    ITEM(heif_image_handle_get_metadata_size)                                                      \
    ITEM(heif_image_handle_get_raw_color_profile)                                                  \
    ITEM(heif_image_handle_get_raw_color_profile_size)                                             \
    ITEM(heif_image_handle_get_width)                                                              \
    ITEM(heif_image_handle_has_alpha_channel)                                                      \
    ITEM(heif_image_handle_release)                                                                \
    ITEM(heif_image_release)

CC_LIBRARY_TABLE(heif, CC_HEIF_FUNCTIONS)

/* Filled by cc_heif_library_open, which every use of libheif comes after. */
extern cc_heif_table cc_heif_functions;

/* CC_UNSUPPORTED with the package to install if it is not on this machine. Any thread. */
cc_status cc_heif_library_open(cc_error *error);

#define heif_context_alloc cc_heif_functions.heif_context_alloc
#define heif_context_free cc_heif_functions.heif_context_free
#define heif_context_get_primary_image_handle                                                      \
    cc_heif_functions.heif_context_get_primary_image_handle
#define heif_context_read_from_memory_without_copy                                                 \
    cc_heif_functions.heif_context_read_from_memory_without_copy
#define heif_decode_image cc_heif_functions.heif_decode_image
#define heif_image_get_height cc_heif_functions.heif_image_get_height
#define heif_image_get_plane_readonly cc_heif_functions.heif_image_get_plane_readonly
#define heif_image_get_width cc_heif_functions.heif_image_get_width
#define heif_image_handle_get_height cc_heif_functions.heif_image_handle_get_height
#define heif_image_handle_get_list_of_metadata_block_IDs                                           \
    cc_heif_functions.heif_image_handle_get_list_of_metadata_block_IDs
#define heif_image_handle_get_metadata cc_heif_functions.heif_image_handle_get_metadata
#define heif_image_handle_get_metadata_size cc_heif_functions.heif_image_handle_get_metadata_size
#define heif_image_handle_get_raw_color_profile                                                    \
    cc_heif_functions.heif_image_handle_get_raw_color_profile
#define heif_image_handle_get_raw_color_profile_size                                               \
    cc_heif_functions.heif_image_handle_get_raw_color_profile_size
#define heif_image_handle_get_width cc_heif_functions.heif_image_handle_get_width
#define heif_image_handle_has_alpha_channel cc_heif_functions.heif_image_handle_has_alpha_channel
#define heif_image_handle_release cc_heif_functions.heif_image_handle_release
#define heif_image_release cc_heif_functions.heif_image_release

#endif
