# The libraries of docs/dependencies.md. Required: libjpeg, libpng, zlib.
# Optional ones are used if found; CLEARCUT_WITH_<NAME>=OFF leaves one out.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

set(CLEARCUT_IMAGE_LIBRARIES)
set(CLEARCUT_FEATURES)

function(clearcut_require name)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
    list(APPEND CLEARCUT_IMAGE_LIBRARIES PkgConfig::${name})
    set(CLEARCUT_IMAGE_LIBRARIES ${CLEARCUT_IMAGE_LIBRARIES} PARENT_SCOPE)
endfunction()

function(clearcut_optional name)
    option(CLEARCUT_WITH_${name} "use ${ARGN} if it is installed" ON)
    if(CLEARCUT_WITH_${name})
        pkg_check_modules(${name} QUIET IMPORTED_TARGET ${ARGN})
    endif()
    if(CLEARCUT_WITH_${name} AND ${name}_FOUND)
        list(APPEND CLEARCUT_IMAGE_LIBRARIES PkgConfig::${name})
        set(CLEARCUT_IMAGE_LIBRARIES ${CLEARCUT_IMAGE_LIBRARIES} PARENT_SCOPE)
        target_compile_definitions(clearcut_settings INTERFACE CLEARCUT_HAVE_${name}=1)
        message(STATUS "${name}: ${${name}_VERSION}")
    else()
        message(STATUS "${name}: left out (${ARGN} not found or switched off)")
    endif()
endfunction()

clearcut_require(JPEG libjpeg)
clearcut_require(PNG libpng)
clearcut_require(ZLIB zlib)
clearcut_optional(ISAL libisal)
clearcut_optional(LIBDEFLATE libdeflate)
clearcut_optional(WEBP libwebp libwebpmux libwebpdemux)
clearcut_optional(TIFF libtiff-4)
clearcut_optional(HEIF libheif)
clearcut_optional(LCMS2 lcms2)

# Downloads. Only the headers are needed to build: the library is opened when a
# download begins (src/zoo/curl.h), so nothing links it.
option(CLEARCUT_WITH_CURL "use libcurl if it is installed" ON)
set(CLEARCUT_ZOO_LIBRARIES ${CMAKE_DL_LIBS})
if(CLEARCUT_WITH_CURL)
    pkg_check_modules(CURL QUIET libcurl)
endif()
if(CLEARCUT_WITH_CURL AND CURL_FOUND)
    message(STATUS "CURL: ${CURL_VERSION}")
else()
    message(STATUS "CURL: left out (libcurl not found or switched off)")
endif()
