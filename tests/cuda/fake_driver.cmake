# Drivers that are none (fake_driver.h): opened at run time, never linked.
foreach(kind fake_cuda fake_cuda_old)
    add_library(${kind} MODULE cuda/fake_driver.c)
    target_include_directories(${kind} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${kind} PRIVATE cuda_emulation clearcut_settings)
endforeach()
target_compile_definitions(fake_cuda_old PRIVATE FAKE_CUDA_IS_OLD)

target_link_libraries(test_runtime_pictures PRIVATE clearcut_api)
foreach(test test_driver test_runtime_networks test_runtime_faults
        test_runtime_pictures test_runtime_operators)
    target_compile_definitions(${test} PRIVATE CLEARCUT_FAKE_CUDA="$<TARGET_FILE:fake_cuda>"
        CLEARCUT_FAKE_CUDA_OLD="$<TARGET_FILE:fake_cuda_old>")
    add_dependencies(${test} fake_cuda fake_cuda_old)
endforeach()

# Where the toolkit's header is, the compiler compares our declarations with it.
find_path(CLEARCUT_CUDA_H cuda.h PATHS /usr/local/cuda/include /opt/cuda/include NO_DEFAULT_PATH)
if(CLEARCUT_CUDA_H)
    add_library(driver_declarations OBJECT cuda/driver_declarations.c)
    target_include_directories(driver_declarations SYSTEM PRIVATE ${CLEARCUT_CUDA_H})
    target_include_directories(driver_declarations PRIVATE ${CMAKE_SOURCE_DIR}/src)
    add_dependencies(test_driver driver_declarations)
endif()
