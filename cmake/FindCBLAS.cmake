# Finds a BLAS with its C interface and gives the target CBLAS::CBLAS.
#
# CMake's FindBLAS knows no include directories, so the header is looked for
# here. OpenBLAS is preferred; -DBLA_VENDOR=..., as FindBLAS takes it, chooses
# another.

if(NOT BLA_VENDOR)
  set(_cblas_names openblas blis cblas blas)
else()
  find_package(BLAS QUIET)
endif()

if(BLAS_FOUND)
  set(CBLAS_LIBRARY ${BLAS_LIBRARIES})
else()
  find_library(CBLAS_LIBRARY NAMES ${_cblas_names})
endif()

# The header of this very library, where several are installed: below include/
# as the library is below lib/ (Debian: openblas-pthread, blis-serial).
set(_cblas_hint "")
if(CBLAS_LIBRARY)
  list(GET CBLAS_LIBRARY 0 _cblas_hint)
  get_filename_component(_cblas_hint "${_cblas_hint}" REALPATH)
  get_filename_component(_cblas_hint "${_cblas_hint}" DIRECTORY)
  string(REGEX REPLACE "^(.*)/lib(32|64)?(/.*)?$" "\\1/include\\3"
    _cblas_hint "${_cblas_hint}")
endif()
find_path(CBLAS_INCLUDE_DIR cblas.h
  HINTS ${_cblas_hint}
  PATH_SUFFIXES openblas openblas-pthread blis openblas-openmp openblas-serial
    blis-pthread blis-openmp blis-serial)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CBLAS
  REQUIRED_VARS CBLAS_LIBRARY CBLAS_INCLUDE_DIR)

# libcnn refers weakly to what only OpenBLAS has, and such a reference takes
# nothing out of an archive: this does. An OpenBLAS without threads is not safe
# unless libcnn can see that it is one.
set(CBLAS_WANTED "")
if("${CBLAS_LIBRARY}" MATCHES "openblas")
  set(CBLAS_WANTED -Wl,-u,openblas_get_parallel,-u,openblas_get_config)
endif()

if(CBLAS_FOUND AND NOT TARGET CBLAS::CBLAS)
  set(_cblas_link ${CBLAS_LIBRARY})
  if("${CBLAS_LIBRARY}" MATCHES "\\.a(;|$)")
    list(PREPEND _cblas_link ${CBLAS_WANTED})
  endif()
  add_library(CBLAS::CBLAS INTERFACE IMPORTED)
  set_target_properties(CBLAS::CBLAS PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${CBLAS_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${_cblas_link}")
  unset(_cblas_link)
endif()
mark_as_advanced(CBLAS_INCLUDE_DIR CBLAS_LIBRARY)
