# The documents as a site, by Doxygen: the target `docs`, with CNN_BUILD_DOCS and
# for the packages; and a Doxyfile for the tests, which need no more.
# docs/Doxyfile.in says what the site consists of.

find_program(CNN_DOXYGEN doxygen)
mark_as_advanced(CNN_DOXYGEN)
if(CNN_BUILD_DOCS AND NOT CNN_DOXYGEN)
  message(FATAL_ERROR "CNN_BUILD_DOCS is on, but there is no doxygen")
endif()

# cnn_doxyfile(FILE FOLDER): what writes the site to FOLDER/html.
function(cnn_doxyfile file folder)
  set(CNN_SITE_DIR ${folder})
  configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${file} @ONLY)
  file(MAKE_DIRECTORY ${folder})
endfunction()

if(CNN_BUILD_DOCS OR (CNN_BUILD_PACKAGES AND CNN_DOXYGEN))
  cnn_doxyfile(${PROJECT_BINARY_DIR}/docs/Doxyfile ${PROJECT_BINARY_DIR}/docs)
  add_custom_target(docs
    COMMAND ${CNN_DOXYGEN} ${PROJECT_BINARY_DIR}/docs/Doxyfile
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/docs
    COMMENT "Writing docs/html/index.html"
    VERBATIM)
endif()
