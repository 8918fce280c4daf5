# make install: program, library, header, pkg-config file, CMake package, man
# pages, completions.

set(clearcut_install_targets clearcut_static clearcut_shared)
if(TARGET clearcut)
    install(TARGETS clearcut RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(TARGETS clearcut_static clearcut_shared
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/clearcut.h include/clearcut_scan.h include/clearcut_video.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Static users also need the libraries underneath.
set(private_modules "libjpeg libpng zlib")
foreach(pair ISAL:libisal LIBDEFLATE:libdeflate "WEBP:libwebp libwebpmux libwebpdemux"
        LCMS2:lcms2)
    string(REPLACE ":" ";" parts "${pair}")
    list(GET parts 0 name)
    list(GET parts 1 modules)
    if(CLEARCUT_WITH_${name} AND ${name}_FOUND)
        string(APPEND private_modules " ${modules}")
    endif()
endforeach()
# Relative to where the .pc file lies, so that `make install PREFIX=...` and
# DESTDIR need no second configuration.
file(RELATIVE_PATH pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
set(clearcut_pc_prefix "\${pcfiledir}/${pc_to_prefix}")
configure_file(cmake/clearcut.pc.in ${CMAKE_BINARY_DIR}/clearcut.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/clearcut.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/clearcut-config.cmake.in
    ${CMAKE_BINARY_DIR}/clearcut-config.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/clearcut)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/clearcut-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/clearcut-config.cmake
    ${CMAKE_BINARY_DIR}/clearcut-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/clearcut)

install(FILES bench/peers/rembg_peer.py DESTINATION ${CMAKE_INSTALL_DATADIR}/clearcut)

file(GLOB man_pages docs/man/*.1)
if(man_pages)
    install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/completions/clearcut.bash)
    install(FILES completions/clearcut.bash RENAME clearcut
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/completions/_clearcut)
    install(FILES completions/_clearcut
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/completions/clearcut.fish)
    install(FILES completions/clearcut.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
