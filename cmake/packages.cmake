# Debian packages, by `cpack` in the build (docs/packaging.md):
#
#   libcnn0       what a program that uses libcnn needs to run
#   libcnn-dev    what it needs to be built
#   libcnn-mpi0, libcnn-mpi-dev
#                 the same of libcnn_mpi, with CNN_WITH_MPI
#   libcnn-tools  the example programs with their manual pages
#   python3-cnn   the Python package
#   libcnn-doc    the documents, also as a site, and examples to be copied
#
# Included by the top level if CNN_BUILD_PACKAGES is on.

if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "Packages are for /usr: -DCMAKE_INSTALL_PREFIX=/usr, or "
    "cmake --preset packages")
elseif(NOT TARGET cnn OR NOT CNN_INSTALL OR NOT TARGET lenet5_relu
    OR NOT CNN_WITH_PYTHON)
  message(FATAL_ERROR "Packages have the shared library, the examples and the "
    "Python package in them: BUILD_SHARED_LIBS, CNN_INSTALL, "
    "CNN_BUILD_EXAMPLES and CNN_WITH_PYTHON must be on, and gdk-pixbuf there")
elseif(NOT CNN_INSTALL_PYTHONDIR STREQUAL "lib/python3/dist-packages")
  message(FATAL_ERROR "Debian's python3 looks for packages in "
    "lib/python3/dist-packages, not in ${CNN_INSTALL_PYTHONDIR}")
elseif(NOT CNN_HELP2MAN)
  message(FATAL_ERROR "The manual pages of the packages need help2man")
endif()
find_program(CNN_GZIP gzip REQUIRED)
mark_as_advanced(CNN_GZIP)

# Who builds a package stands in it, by Debian's own variables. lintian does not
# like what stands there otherwise, and is right.
set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
if("$ENV{DEBFULLNAME}" STREQUAL "" OR "$ENV{DEBEMAIL}" STREQUAL "")
  set(maintainer "The libcnn authors <libcnn@localhost>")
endif()
set(CNN_PACKAGE_MAINTAINER "${maintainer}" CACHE STRING
  "Maintainer of the Debian packages: NAME <ADDRESS>")

# ------------------------------------------------- what is not installed yet --

set(folder ${PROJECT_BINARY_DIR}/debian)
set(programs layers_by_hand lenet5_classic lenet5_relu lenet5_sigmoid
  lenet5_swap lenet5_sweep lenet5_wide predict)
# Too general a name for a folder that all packages share.
set_target_properties(predict PROPERTIES OUTPUT_NAME cnn-predict)
install(TARGETS ${programs} RUNTIME COMPONENT cnn_Tools)

set(pages)
foreach(name ${programs})
  set(page ${PROJECT_BINARY_DIR}/examples/man/${name}.1)
  add_custom_command(OUTPUT ${page}.gz
    COMMAND ${CNN_GZIP} -9nkf ${page}
    DEPENDS ${page} manuals
    VERBATIM)
  list(APPEND pages ${page}.gz)
  string(REPLACE "predict" "cnn-predict" installed_name ${name})
  install(FILES ${page}.gz
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
    RENAME ${installed_name}.1.gz
    COMPONENT cnn_Tools)
endforeach()
add_custom_target(compressed_manuals ALL DEPENDS ${pages})

install(FILES README.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libcnn-doc
  COMPONENT cnn_Documentation)
install(DIRECTORY docs
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libcnn-doc
  COMPONENT cnn_Documentation
  FILES_MATCHING PATTERN *.md PATTERN CHANGELOG.md EXCLUDE)
if(TARGET docs)
  add_custom_target(packaged_docs ALL)
  add_dependencies(packaged_docs docs)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/docs/html
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libcnn-doc
    COMPONENT cnn_Documentation)
else()
  message(STATUS "libcnn-doc has no site: there is no doxygen")
endif()
install(DIRECTORY examples/embed examples/first
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libcnn-doc/examples
  COMPONENT cnn_Documentation)

# What every package has to have. The time is SOURCE_DATE_EPOCH's, if set.
set(revision 1)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(cmake/debian/changelog.in ${folder}/changelog.Debian @ONLY)
configure_file(docs/CHANGELOG.md ${folder}/changelog COPYONLY)
execute_process(
  COMMAND ${CNN_GZIP} -9nkf ${folder}/changelog.Debian ${folder}/changelog
  COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${folder}/triggers "activate-noawait ldconfig\n")

# ------------------------------------------------------------- the packages --

# cnn_package(component package section summary text)
function(cnn_package component package section summary text)
  install(FILES cmake/debian/copyright ${folder}/changelog.gz
      ${folder}/changelog.Debian.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
    COMPONENT ${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}\n${text}" PARENT_SCOPE)
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)
endfunction()

set(about "libcnn trains and runs small convolutional networks, the LeNet-5
family and what is like it, on the CPU. It is written in plain C and
stands on a BLAS, zlib and jansson.")
set(CPACK_COMPONENTS_ALL)
cnn_package(cnn_Runtime libcnn${CNN_ABI_VERSION} libs
  "small convolutional networks on the CPU - shared library" "${about}")
cnn_package(cnn_Development libcnn-dev libdevel
  "small convolutional networks on the CPU - development files"
  "${about}
.
This package has the headers, the static library, and the files for
CMake and pkg-config. The packages it recommends are for linking with
the static library.")
cnn_package(cnn_Tools libcnn-tools science
  "small convolutional networks on the CPU - programs"
  "${about}
.
This package has programs that train LeNet-5 in several forms to read
digits, plot what they learned, and classify pictures with a saved
model.")
cnn_package(cnn_Python python3-cnn python
  "small convolutional networks on the CPU - Python 3 package"
  "${about}
.
This package has the Python package, all of libcnn's C API by ctypes and
numpy.")
cnn_package(cnn_Documentation libcnn-doc doc
  "small convolutional networks on the CPU - documents"
  "${about}
.
This package has the documents, as they are and as a site with the
reference (/usr/share/doc/libcnn-doc/html/index.html), and a small
project that uses libcnn, to be copied.")

if(CNN_WITH_MPI)
  set(mpi_about "${about}
.
libcnn_mpi is a library upon it: processes on several machines train one
network together, over MPI.")
  cnn_package(cnn_MpiRuntime libcnn-mpi${CNN_ABI_VERSION} libs
    "small convolutional networks on the CPU - training over MPI"
    "${mpi_about}")
  cnn_package(cnn_MpiDevelopment libcnn-mpi-dev libdevel
    "small convolutional networks on the CPU - MPI development files"
    "${mpi_about}
.
This package has its header, the static library, and the files for CMake
and pkg-config.")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libcnn)
# It would stand before each package's own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_PACKAGE_VENDOR "The libcnn authors")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE libcnn)
set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_RELEASE ${revision})
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CNN_PACKAGE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(this_version "(= ${PROJECT_VERSION}-${revision})")
set(CPACK_DEBIAN_CNN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_CNN_RUNTIME_PACKAGE_CONTROL_EXTRA ${folder}/triggers)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)
set(CPACK_DEBIAN_CNN_DEVELOPMENT_PACKAGE_DEPENDS
  "libcnn${CNN_ABI_VERSION} ${this_version}")
set(CPACK_DEBIAN_CNN_DEVELOPMENT_PACKAGE_RECOMMENDS
  "libopenblas-dev, libjansson-dev, zlib1g-dev")
set(CPACK_DEBIAN_CNN_DEVELOPMENT_PACKAGE_SUGGESTS libcnn-doc)
set(CPACK_DEBIAN_CNN_MPIRUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_CNN_MPIRUNTIME_PACKAGE_CONTROL_EXTRA ${folder}/triggers)
set(CPACK_DEBIAN_CNN_MPIRUNTIME_PACKAGE_DEPENDS
  "libcnn${CNN_ABI_VERSION} ${this_version}")
set(mpi_dev libopenmpi-dev)
if(MPI_C_LIB_NAMES MATCHES "mpich")
  set(mpi_dev libmpich-dev)
endif()
set(CPACK_DEBIAN_CNN_MPIDEVELOPMENT_PACKAGE_DEPENDS
  "libcnn-mpi${CNN_ABI_VERSION} ${this_version}, libcnn-dev ${this_version}, ${mpi_dev}")
set(CPACK_DEBIAN_CNN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_CNN_TOOLS_PACKAGE_DEPENDS
  "libcnn${CNN_ABI_VERSION} ${this_version}")
set(CPACK_DEBIAN_CNN_TOOLS_PACKAGE_RECOMMENDS "gnuplot-nox, shared-mime-info")
set(CPACK_DEBIAN_CNN_TOOLS_PACKAGE_SUGGESTS
  "dataset-fashion-mnist, fonts-dejavu-core")
# Nothing in it is compiled. 3.10 is the oldest Python that it is written for.
set(CPACK_DEBIAN_CNN_PYTHON_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_CNN_PYTHON_PACKAGE_DEPENDS
  "libcnn${CNN_ABI_VERSION} ${this_version}, python3 (>= 3.10), python3-numpy")
set(CPACK_DEBIAN_CNN_PYTHON_PACKAGE_SUGGESTS
  "libcnn-doc, libcnn-mpi${CNN_ABI_VERSION}, python3-mpi4py")
set(CPACK_DEBIAN_CNN_PYTHON_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/cmake/debian/python3-cnn/postinst
  ${PROJECT_SOURCE_DIR}/cmake/debian/python3-cnn/prerm)
# The programs are not linked with the installed library, there may be none.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
  ${PROJECT_BINARY_DIR}/src ${PROJECT_BINARY_DIR}/src/mpi)
set(CPACK_DEBIAN_CNN_DOCUMENTATION_PACKAGE_ARCHITECTURE all)

include(CPack)
