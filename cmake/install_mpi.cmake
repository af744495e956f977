# Installs libcnn_mpi beside libcnn, into the same folders. Two components, as
# there: cnn_MpiRuntime and cnn_MpiDevelopment. Included by src/mpi/, after
# install.cmake.

install(FILES ${PROJECT_SOURCE_DIR}/include/cnn/mpi.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cnn
  COMPONENT cnn_MpiDevelopment)
cnn_install_libraries(cnn_mpi cnn-mpi cnn_Mpi)

# With the MPI that it was built for: the names of their own .pc files differ.
set(pc_mpi_cflags)
foreach(folder ${MPI_C_INCLUDE_DIRS})
  string(APPEND pc_mpi_cflags " -I${folder}")
endforeach()
string(REPLACE ";" " " pc_mpi_libs "${MPI_C_LIBRARIES}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/libcnn-mpi.pc.in
  ${PROJECT_BINARY_DIR}/libcnn-mpi.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libcnn-mpi.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT cnn_MpiDevelopment)
