# Tests that run again with the kernels of other machines, and with one algorithm
# of convolution for all.

# The same with the kernels that OpenBLAS has for other machines.
foreach(core Prescott Nehalem Sandybridge Haswell)
  add_test(NAME test_exact_conv_${core} COMMAND test_exact_conv)
  set_tests_properties(test_exact_conv_${core} PROPERTIES
    LABELS property
    TIMEOUT 300
    ENVIRONMENT "OPENBLAS_CORETYPE=${core};OPENBLAS_NUM_THREADS=1;OMP_NUM_THREADS=1")
endforeach()
# The same with libcnn's kernels for other machines, and with some nobody has.
foreach(set baseline avx2 avx512 none)
  add_test(NAME test_same_simd_${set} COMMAND test_same_simd)
  set_tests_properties(test_same_simd_${set} PROPERTIES
    LABELS property
    TIMEOUT 300
    ENVIRONMENT "CNN_KERNELS=${set}")
endforeach()
# Convolutions with each of those, and with one algorithm for all.
foreach(set baseline avx2 avx512)
  foreach(test choice direct winograd)
    add_test(NAME test_conv2d_${test}_${set} COMMAND test_conv2d_${test})
    set_tests_properties(test_conv2d_${test}_${set} PROPERTIES
      LABELS unit
      TIMEOUT 300
      ENVIRONMENT "CNN_KERNELS=${set};OPENBLAS_NUM_THREADS=1")
  endforeach()
endforeach()
foreach(algorithm im2col winograd direct)
  add_test(NAME test_conv2d_choice_${algorithm} COMMAND test_conv2d_choice)
  set_tests_properties(test_conv2d_choice_${algorithm} PROPERTIES
    LABELS unit
    TIMEOUT 300
    ENVIRONMENT "CNN_ALGORITHM=${algorithm};OPENBLAS_NUM_THREADS=1")
endforeach()
foreach(algorithm taps depthwise)
  foreach(set baseline avx2 avx512)
    add_test(NAME test_conv2d_${algorithm}_${set} COMMAND test_conv2d_taps)
    set_tests_properties(test_conv2d_${algorithm}_${set} PROPERTIES
      LABELS unit
      TIMEOUT 300
      ENVIRONMENT
      "CNN_ALGORITHM=${algorithm};CNN_KERNELS=${set};OPENBLAS_NUM_THREADS=1")
  endforeach()
  # What every algorithm has to pass.
  foreach(test conv2d conv2d_transpose exact_conv)
    add_test(NAME test_${test}_by_${algorithm} COMMAND test_${test})
    set_tests_properties(test_${test}_by_${algorithm} PROPERTIES
      LABELS unit
      TIMEOUT 300
      ENVIRONMENT "CNN_ALGORITHM=${algorithm};OPENBLAS_NUM_THREADS=1")
  endforeach()
endforeach()
add_test(NAME test_rounding_by_taps COMMAND test_rounding)
set_tests_properties(test_rounding_by_taps PROPERTIES
  LABELS property
  TIMEOUT 300
  ENVIRONMENT "CNN_ALGORITHM=taps;OPENBLAS_NUM_THREADS=1")
