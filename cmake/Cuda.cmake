# The kernels of src/nn/cuda/kernels as machine code and PTX in the program. Needs
# nvcc at build time and nothing of CUDA at run time but the driver. Without nvcc the
# table of images is empty and says so; everything else builds.

set(CLEARCUT_WITH_CUDA AUTO CACHE STRING "build the CUDA kernels: AUTO (if nvcc is found), ON, OFF")
set_property(CACHE CLEARCUT_WITH_CUDA PROPERTY STRINGS AUTO ON OFF)
if(CLEARCUT_SANITIZE)
    set(default_architectures 80) # tests of the host side need one image, not nine
    set(default_ptx 80)
else()
    set(default_architectures 75 80 86 89 90 100 120)
    set(default_ptx 75 80)
endif()
set(CLEARCUT_CUDA_ARCHITECTURES "${default_architectures}" CACHE STRING
    "compute capabilities (times ten) to build machine code for, where nvcc knows them")
set(CLEARCUT_CUDA_PTX "${default_ptx}" CACHE STRING
    "compute capabilities to build PTX for, which drivers compile for what comes later")

# Result: CLEARCUT_NVCC if it works, cuda_origin, cuda_known
function(clearcut_find_nvcc)
    set(cuda_origin "built without CUDA (CLEARCUT_WITH_CUDA=OFF)" PARENT_SCOPE)
    set(cuda_works OFF PARENT_SCOPE)
    if(NOT CLEARCUT_WITH_CUDA)
        return()
    endif()
    find_program(CLEARCUT_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin
        PATHS /usr/local/cuda/bin /opt/cuda/bin)
    if(NOT CLEARCUT_NVCC)
        set(cuda_origin "built without nvcc" PARENT_SCOPE)
        return()
    endif()
    execute_process(COMMAND ${CLEARCUT_NVCC} --version OUTPUT_VARIABLE text RESULT_VARIABLE status)
    execute_process(COMMAND ${CLEARCUT_NVCC} --list-gpu-code OUTPUT_VARIABLE known
        RESULT_VARIABLE status_known)
    string(REGEX MATCH "V([0-9.]+)" version "${text}")
    set(version "${CMAKE_MATCH_1}")
    # nvcc leaves the C++ half to the host's compiler, which may be missing or too new.
    file(WRITE ${CMAKE_BINARY_DIR}/cuda/trial.cu "extern \"C\" __global__ void trial() {}\n")
    if(NOT DEFINED CACHE{clearcut_nvcc_works_${version}})
        execute_process(COMMAND ${CLEARCUT_NVCC} -std=c++17 -cubin
            -o ${CMAKE_BINARY_DIR}/cuda/trial.cubin ${CMAKE_BINARY_DIR}/cuda/trial.cu
            RESULT_VARIABLE status_trial OUTPUT_QUIET ERROR_QUIET)
        set(clearcut_nvcc_works_${version} ${status_trial} CACHE INTERNAL "exit status")
    endif()
    if(NOT "${status}${status_known}${clearcut_nvcc_works_${version}}" STREQUAL "000")
        set(cuda_origin "built without CUDA kernels: ${CLEARCUT_NVCC} does not work" PARENT_SCOPE)
        return()
    endif()
    string(REPLACE "\n" ";" known "${known}")
    set(cuda_known "${known}" PARENT_SCOPE)
    set(cuda_version "${version}" PARENT_SCOPE)
    set(cuda_origin "nvcc ${version}" PARENT_SCOPE)
    set(cuda_works ON PARENT_SCOPE)
endfunction()

# One image: sets `image` to its file, or empty if nvcc does not know the architecture.
function(clearcut_cuda_image kind architecture)
    set(image "" PARENT_SCOPE)
    if(NOT "sm_${architecture}" IN_LIST cuda_known)
        message(STATUS "CUDA: nvcc ${cuda_version} does not know sm_${architecture}")
        return()
    endif()
    set(file ${CMAKE_BINARY_DIR}/cuda/sm_${architecture}.${kind})
    file(GLOB kernel_sources CONFIGURE_DEPENDS src/nn/cuda/kernels/*.cu)
    add_custom_command(OUTPUT ${file}
        COMMAND ${CMAKE_COMMAND} -DNVCC=${CLEARCUT_NVCC} -DNVCC_VERSION=${cuda_version}
            -DKIND=${kind} -DARCHITECTURE=${architecture} -DSOURCE_DIR=${CMAKE_SOURCE_DIR}/src
            -DOUTPUT=${file} -DREPORT=${file}.txt -P ${CMAKE_SOURCE_DIR}/cmake/cuda_compile.cmake
        DEPENDS ${kernel_sources} ${CMAKE_SOURCE_DIR}/cmake/cuda_compile.cmake
            ${CMAKE_SOURCE_DIR}/src/nn/cuda/kernels/device.h
            ${CMAKE_SOURCE_DIR}/src/nn/cuda/kernels/elements.h
            ${CMAKE_SOURCE_DIR}/src/nn/cuda/kernels/launch.h
        COMMENT "CUDA kernels: ${kind} for sm_${architecture}" VERBATIM)
    set(image ${file} PARENT_SCOPE)
endfunction()

clearcut_find_nvcc()
if("${CLEARCUT_WITH_CUDA}" STREQUAL "ON" AND NOT cuda_works)
    message(FATAL_ERROR "CLEARCUT_WITH_CUDA=ON: ${cuda_origin}; install the CUDA toolkit's nvcc "
        "and a C++ compiler that it accepts, or name it with -DCLEARCUT_NVCC=/path/to/nvcc")
endif()
message(STATUS "CUDA: ${cuda_origin}")

set(cuda_table ${CMAKE_BINARY_DIR}/cuda/image_table.c)
set(cuda_data ${CMAKE_BINARY_DIR}/cuda/image_data.bin)
if(cuda_works)
    set(images)
    set(arguments)
    foreach(architecture IN LISTS CLEARCUT_CUDA_ARCHITECTURES)
        clearcut_cuda_image(cubin ${architecture})
        if(image)
            list(APPEND images ${image})
            list(APPEND arguments code ${architecture} ${image})
        endif()
        if(image AND architecture IN_LIST CLEARCUT_CUDA_PTX)
            clearcut_cuda_image(ptx ${architecture})
            list(APPEND images ${image})
            list(APPEND arguments ptx ${architecture} ${image})
        endif()
    endforeach()
    add_executable(pack_cuda_images EXCLUDE_FROM_ALL cmake/pack_cuda_images.c)
    target_link_libraries(pack_cuda_images PRIVATE PkgConfig::ZLIB)
    add_custom_command(OUTPUT ${cuda_table} ${cuda_data}
        COMMAND pack_cuda_images ${cuda_table} ${cuda_data} ${cuda_origin} ${arguments}
        DEPENDS pack_cuda_images ${images} VERBATIM)
    set_source_files_properties(cmake/cuda_image.S PROPERTIES
        COMPILE_DEFINITIONS CLEARCUT_CUDA_IMAGE_FILE="${cuda_data}" OBJECT_DEPENDS ${cuda_data})
    target_sources(clearcut_nn PRIVATE ${cuda_table} cmake/cuda_image.S)
else()
    file(CONFIGURE OUTPUT ${cuda_table} CONTENT
"#include \"nn/cuda/image.h\"

const cc_cuda_image cc_cuda_images[] = {{0, CC_CUDA_IMAGE_PTX, 0, 0, 0}}; /* C has no empty arrays */
const int cc_cuda_image_count = 0;
const unsigned char cc_cuda_image_data[] = {0};
const char cc_cuda_image_origin[] = \"@cuda_origin@\";
" @ONLY)
    target_sources(clearcut_nn PRIVATE ${cuda_table})
endif()
target_link_libraries(clearcut_nn PUBLIC PkgConfig::ZLIB)
