# Flags that every file of the project is compiled with, and the instruction sets
# that only the kernel files get.

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(clearcut_settings INTERFACE)
target_compile_options(clearcut_settings INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wstrict-prototypes -Wmissing-prototypes -fno-math-errno -ffp-contract=off>)
# -ffp-contract=off: the scalar references mean what they say; the kernels that
# want fused multiply-add ask for it. -fno-math-errno changes no result.
if(CLEARCUT_WERROR)
    target_compile_options(clearcut_settings INTERFACE $<$<COMPILE_LANGUAGE:C>:-Werror>)
endif()
if(CLEARCUT_SANITIZE)
    target_compile_options(clearcut_settings INTERFACE
        -fsanitize=${CLEARCUT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    target_link_options(clearcut_settings INTERFACE -fsanitize=${CLEARCUT_SANITIZE})
elseif(NOT APPLE)
    target_link_options(clearcut_settings INTERFACE -Wl,--as-needed -Wl,--gc-sections)
    target_compile_options(clearcut_settings INTERFACE
        $<$<COMPILE_LANGUAGE:C>:-ffunction-sections -fdata-sections>)
endif()

string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
if(processor MATCHES "x86_64|amd64")
    set(CLEARCUT_ARCHITECTURE x86)
elseif(processor MATCHES "aarch64|arm64")
    set(CLEARCUT_ARCHITECTURE arm)
else()
    set(CLEARCUT_ARCHITECTURE other)
endif()

# Kernel files carry their instruction set as the end of their name.
set(isa_sse4 -msse4.2)
set(isa_avx2 -mavx2 -mfma -mf16c)
set(isa_avx512 -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl -mavx2 -mfma -mf16c
    -mprefer-vector-width=512)
set(isa_avx512bf16 ${isa_avx512} -mavx512bf16)
set(isa_avx512vnni ${isa_avx512} -mavx512vnni)
set(isa_avx512amx ${isa_avx512bf16} -mamx-tile -mamx-bf16 -mamx-int8)

# Leave out the files of other architectures.
function(clearcut_filter_architecture list)
    set(kept)
    foreach(source IN LISTS ${list})
        if(source MATCHES "_(sse4|avx2|avx512[a-z0-9]*)\\.c$" AND
           NOT CLEARCUT_ARCHITECTURE STREQUAL "x86")
            continue()
        endif()
        if(source MATCHES "_neon\\.c$" AND NOT CLEARCUT_ARCHITECTURE STREQUAL "arm")
            continue()
        endif()
        list(APPEND kept ${source})
    endforeach()
    set(${list} "${kept}" PARENT_SCOPE)
endfunction()

# Kernels are unrolled far; under sanitizers the checks of every vector access
# would take the compiler minutes a file. There AddressSanitizer stays whole, and
# of the undefined behaviours those that pointers to vectors multiply are left out.
if(CLEARCUT_SANITIZE MATCHES "undefined")
    set(kernel_options -O1 -fno-sanitize=alignment,null,pointer-overflow,object-size)
elseif(CLEARCUT_SANITIZE)
    set(kernel_options -O1)
else()
    set(kernel_options -O3)
endif()

function(clearcut_instruction_sets)
    foreach(source IN LISTS ARGN)
        if(source MATCHES "_(sse4|avx2|avx512[a-z0-9]*)\\.c$")
            set_source_files_properties(${source} PROPERTIES
                COMPILE_OPTIONS "${isa_${CMAKE_MATCH_1}};${kernel_options}")
        elseif(source MATCHES "src/nn/cpu/|_neon\\.c$|resample|png_write|yuv")
            set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${kernel_options}")
        endif()
    endforeach()
endfunction()
