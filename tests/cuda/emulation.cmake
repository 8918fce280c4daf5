# The CUDA kernels compiled for the host (docs/gpu.md). C++ lives here and in the .cu
# files only; without a C++ compiler what needs this is left out.
include(CheckLanguage)
check_language(CXX)
if(NOT CMAKE_CXX_COMPILER)
    message(STATUS "CUDA emulation: left out (no C++ compiler)")
    return()
endif()
enable_language(CXX)

add_library(cuda_emulation STATIC cuda/fibre.cc cuda/emulation.cc cuda/kernels_emulated.cc
    cuda/faulty_kernels.cc)
set_target_properties(cuda_emulation PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON
    CXX_VISIBILITY_PRESET hidden)
target_include_directories(cuda_emulation PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/cuda
    PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(cuda_emulation PRIVATE CC_CUDA_EMULATION="device_emulation.h")
# Optimised in every build type: seconds become minutes otherwise. No exceptions and
# the like, so that C programs can link it.
target_compile_options(cuda_emulation PRIVATE -O3 -Wall -Wextra -Wshadow -Wno-unknown-pragmas
    -ffp-contract=off -fno-exceptions -fno-rtti -fno-threadsafe-statics)
target_link_libraries(cuda_emulation PUBLIC clearcut_nn clearcut_settings)
file(GLOB cuda_kernel_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/nn/cuda/kernels/*.cu)
set_source_files_properties(cuda/kernels_emulated.cc PROPERTIES
    OBJECT_DEPENDS "${cuda_kernel_sources}")
