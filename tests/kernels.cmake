# Tests that run again with the kernels of other machines, and with one algorithm
# of convolution for all.

# cnn_test_again(LABEL name program VARIABLE=value...)
function(cnn_test_again label name program)
  list(JOIN ARGN ";" environment)
  add_test(NAME ${name} COMMAND ${program})
  set_tests_properties(${name} PROPERTIES
    LABELS ${label}
    TIMEOUT 300
    ENVIRONMENT "${environment};OPENBLAS_NUM_THREADS=1;OMP_NUM_THREADS=1")
endfunction()

# The kernels that OpenBLAS has for other machines.
foreach(core Prescott Nehalem Sandybridge Haswell)
  cnn_test_again(property test_exact_conv_${core} test_exact_conv
    OPENBLAS_CORETYPE=${core})
endforeach()
# libcnn's kernels for other machines, and some that nobody has.
foreach(set baseline avx2 avx512 none)
  cnn_test_again(property test_same_simd_${set} test_same_simd
    CNN_KERNELS=${set})
endforeach()
# Convolutions with each of those, and with one algorithm for all.
foreach(set baseline avx2 avx512)
  foreach(test choice direct winograd)
    cnn_test_again(unit test_conv2d_${test}_${set} test_conv2d_${test}
      CNN_KERNELS=${set})
  endforeach()
endforeach()
foreach(algorithm im2col winograd direct)
  cnn_test_again(unit test_conv2d_choice_${algorithm} test_conv2d_choice
    CNN_ALGORITHM=${algorithm})
endforeach()
foreach(algorithm taps depthwise)
  foreach(set baseline avx2 avx512)
    cnn_test_again(unit test_conv2d_${algorithm}_${set} test_conv2d_taps
      CNN_ALGORITHM=${algorithm} CNN_KERNELS=${set})
  endforeach()
  # What every algorithm has to pass.
  foreach(test conv2d conv2d_transpose exact_conv)
    cnn_test_again(unit test_${test}_by_${algorithm} test_${test}
      CNN_ALGORITHM=${algorithm})
  endforeach()
endforeach()
cnn_test_again(property test_rounding_by_taps test_rounding CNN_ALGORITHM=taps)
