# Installs the headers, the libraries, the CMake package and the pkg-config file.
# Included by src/, where the targets and what they are linked with are known.
#
# Two components: cnn_Runtime, what a program needs to run, and cnn_Development,
# what it needs to be built. A third, cnn_Python, is in src/python.

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cnn)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/cnn
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT cnn_Development
  FILES_MATCHING PATTERN *.h PATTERN mpi.h EXCLUDE)

# cnn_install_libraries(TARGET SET PREFIX): TARGET and TARGET_static, as far as
# they are built, and what find_package() reads of them, SET-shared and
# SET-static: an export file of its own for each, since one cannot be read without
# all that its targets are linked with. Components are PREFIXRuntime and
# PREFIXDevelopment.
function(cnn_install_libraries target set prefix)
  foreach(kind shared static)
    set(library ${target})
    if(kind STREQUAL "static")
      set(library ${target}_static)
    endif()
    if(NOT TARGET ${library})
      continue()
    endif()
    install(TARGETS ${library} EXPORT ${set}-${kind}
      RUNTIME COMPONENT ${prefix}Runtime
      LIBRARY COMPONENT ${prefix}Runtime
        NAMELINK_COMPONENT ${prefix}Development
      ARCHIVE COMPONENT ${prefix}Development)
    install(EXPORT ${set}-${kind}
      NAMESPACE cnn::
      DESTINATION ${package_dir}
      COMPONENT ${prefix}Development)
  endforeach()
endfunction()

cnn_install_libraries(cnn cnn cnn_)

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/cnn-config.cmake.in
  ${PROJECT_BINARY_DIR}/cnn-config.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/cnn-config-version.cmake
  COMPATIBILITY SameMinorVersion) # SameMajorVersion from 1.0 on
install(FILES
  ${PROJECT_BINARY_DIR}/cnn-config.cmake
  ${PROJECT_BINARY_DIR}/cnn-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindCBLAS.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindJansson.cmake
  DESTINATION ${package_dir}
  COMPONENT cnn_Development)

# A folder below the prefix is given relative to the .pc file, so that the
# prefix may be moved; an absolute one as it is.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
endif()
foreach(dir libdir includedir)
  string(TOUPPER ${dir} upper)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${upper}}")
    set(pc_${dir} ${CMAKE_INSTALL_${upper}})
  else()
    set(pc_${dir} "\${prefix}/${CMAKE_INSTALL_${upper}}")
  endif()
endforeach()

# What the static library is linked with, by name, so that a linker may choose
# between .so and .a. (Requires.private would make programs that use the shared
# library need the .pc files of zlib and jansson.)
set(pc_libs_private)
if(CBLAS_WANTED)
  string(APPEND pc_libs_private " ${CBLAS_WANTED}")
endif()
foreach(library ${CBLAS_LIBRARY} ${JANSSON_LIBRARY} ${ZLIB_LIBRARIES})
  if(library MATCHES "^(.*)/lib([^/]+)\\.(so|a|dylib)$")
    if(NOT CMAKE_MATCH_1 IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
      string(APPEND pc_libs_private " -L${CMAKE_MATCH_1}")
    endif()
    string(APPEND pc_libs_private " -l${CMAKE_MATCH_2}")
  else()
    string(APPEND pc_libs_private " ${library}")
  endif()
endforeach()
string(APPEND pc_libs_private " -pthread -lm")

configure_file(${PROJECT_SOURCE_DIR}/cmake/libcnn.pc.in
  ${PROJECT_BINARY_DIR}/libcnn.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libcnn.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT cnn_Development)
