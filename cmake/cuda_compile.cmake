# Run nvcc once: cmake -DNVCC= -DKIND=cubin|ptx -DARCHITECTURE=80 -DSOURCE_DIR=
# -DOUTPUT= -DREPORT= -P cuda_compile.cmake
#
# With CCACHE_DIR set the result is kept there by the hash of everything that it
# depends on, for ccache itself knows nothing of -cubin: the kernels take minutes of
# compiling that each build folder would repeat.
file(GLOB sources ${SOURCE_DIR}/nn/cuda/kernels/*.cu ${SOURCE_DIR}/nn/cuda/kernels/device.h
    ${SOURCE_DIR}/nn/cuda/kernels/elements.h ${SOURCE_DIR}/nn/cuda/kernels/launch.h)
set(options -std=c++17 -O3 -fmad=false -I${SOURCE_DIR} -Xptxas -v)
if(KIND STREQUAL "ptx")
    list(APPEND options -arch=compute_${ARCHITECTURE} -ptx)
else()
    list(APPEND options -arch=sm_${ARCHITECTURE} -cubin)
endif()

file(SHA256 ${CMAKE_CURRENT_LIST_FILE} hash)
set(key "${hash} ${NVCC_VERSION} ${KIND} ${ARCHITECTURE} -std=c++17 -O3 -fmad=false")
foreach(source IN LISTS sources)
    file(SHA256 ${source} hash)
    string(APPEND key " ${hash}")
endforeach()
string(SHA256 key "${key}")
set(kept "$ENV{CCACHE_DIR}/clearcut-cuda/${key}")

if(NOT "$ENV{CCACHE_DIR}" STREQUAL "" AND EXISTS ${kept} AND EXISTS ${kept}.txt)
    configure_file(${kept} ${OUTPUT} COPYONLY)
    configure_file(${kept}.txt ${REPORT} COPYONLY)
    file(TOUCH ${OUTPUT})
    return()
endif()
execute_process(
    COMMAND ${NVCC} ${options} -o ${OUTPUT} ${SOURCE_DIR}/nn/cuda/kernels/kernels.cu
    RESULT_VARIABLE status OUTPUT_VARIABLE report ERROR_VARIABLE report)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "nvcc for ${ARCHITECTURE} failed; CLEARCUT_WITH_CUDA=OFF builds "
        "without GPU kernels\n${report}")
endif()
file(WRITE ${REPORT} "${report}")

# nvcc writes its own, newest version of PTX, which promises nothing to drivers older
# than nvcc itself. 7.0 has all that the kernels use on sm_80 (cp.async, m16n8k16), 6.5
# all that they use on sm_75. A hint of later versions is left out; the assembler has to
# agree with the rest.
if(KIND STREQUAL "ptx")
    if(ARCHITECTURE LESS 80)
        set(version 6.5)
    else()
        set(version 7.0)
    endif()
    file(READ ${OUTPUT} text)
    string(REGEX REPLACE "\n\\.version [0-9.]+\n" "\n.version ${version}\n" text "${text}")
    string(REGEX REPLACE "\n[ \t]*\\.pragma \"used_bytes_mask [^\n]*" "" text "${text}")
    file(WRITE ${OUTPUT} "${text}")
    execute_process(COMMAND ${NVCC} -arch=sm_${ARCHITECTURE} -cubin -o ${OUTPUT}.trial ${OUTPUT}
        RESULT_VARIABLE status ERROR_VARIABLE report)
    file(REMOVE ${OUTPUT}.trial)
    if(NOT status EQUAL 0)
        file(REMOVE ${OUTPUT})
        message(FATAL_ERROR "PTX ${version} for ${ARCHITECTURE} does not assemble\n${report}")
    endif()
endif()
if(NOT "$ENV{CCACHE_DIR}" STREQUAL "")
    # By another name first: others may be reading.
    string(RANDOM LENGTH 8 mark)
    configure_file(${REPORT} ${kept}.txt.${mark} COPYONLY)
    configure_file(${OUTPUT} ${kept}.${mark} COPYONLY)
    file(RENAME ${kept}.txt.${mark} ${kept}.txt)
    file(RENAME ${kept}.${mark} ${kept})
endif()
