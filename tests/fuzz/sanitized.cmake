# Builds of libcnn for sanitizers, in folders of their own, and what runs there.
# In a build that is one of them there is nothing to do.

find_program(CNN_CLANG clang)
mark_as_advanced(CNN_CLANG)
set(CNN_FUZZ_SECONDS 600 CACHE STRING
  "How long each fuzz_run_NAME of the deep tests takes")
if(CNN_SANITIZE OR CMAKE_C_FLAGS MATCHES "-fsanitize|--coverage|-fprofile")
  return()
elseif(NOT CNN_CLANG)
  message(STATUS "The tests under sanitizers and the fuzzers are left out: "
    "there is no clang")
  return()
endif()

# sanitized_build(NAME label sanitizers target...): what needs those programs
# names the fixture NAME.
function(sanitized_build name label sanitizers)
  add_test(NAME ${name}_build
    COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/sanitized.sh
      ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/${name} ${sanitizers}
      ${ARGN})
  set_tests_properties(${name}_build PROPERTIES
    LABELS "${label}"
    TIMEOUT 1800
    PROCESSORS 2
    FIXTURES_SETUP ${name}
    ENVIRONMENT "CMAKE_GENERATOR=${CMAKE_GENERATOR};CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER};CLANG=${CNN_CLANG}")
endfunction()

# sanitized_tests(NAME label build argument...): ctest in that build.
function(sanitized_tests name label build)
  add_test(NAME ${name}
    COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${CMAKE_CURRENT_BINARY_DIR}/${build}
      -j2 --output-on-failure --no-tests=error ${ARGN})
  set_tests_properties(${name} PROPERTIES
    LABELS "${label}"
    TIMEOUT 1800
    PROCESSORS 2
    FIXTURES_REQUIRED ${build}
    ENVIRONMENT "${options}")
endfunction()

# fuzz_run(NAME build target seconds): new inputs go into the build tree.
function(fuzz_run name build target seconds)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${build}_found/${target})
  set(dictionary "")
  set(longest 4096)
  if(target MATCHES "json|model|checkpoint")
    set(dictionary -dict=${CMAKE_CURRENT_SOURCE_DIR}/model.dict)
    set(longest 16384)
  endif()
  file(MAKE_DIRECTORY ${folder})
  math(EXPR timeout "${seconds} + 600")
  add_test(NAME ${name}
    COMMAND ${CMAKE_CURRENT_BINARY_DIR}/${build}/tests/fuzz/fuzz_${target}
      -max_total_time=${seconds} -max_len=${longest} -timeout=20
      -artifact_prefix=${folder}/../ -print_final_stats=1 ${dictionary}
      ${folder} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${target})
  set_tests_properties(${name} PROPERTIES
    LABELS "deep"
    TIMEOUT ${timeout}
    FIXTURES_REQUIRED ${build}
    ENVIRONMENT "OPENBLAS_NUM_THREADS=1;OMP_NUM_THREADS=1")
endfunction()

# --------------------------------------- AddressSanitizer, the undefined ---

# These take long there, and say little that the others do not:
set(long
  test_conv2d_direct # of 37 s; test_same_simd runs the same loops
  "test_conv2d_(choice|direct|winograd)_.*" # once more by other instructions
  "test_exact_conv_.*" # once more by kernels of OpenBLAS, not instrumented
  "test_same_bits" # of the arithmetic; what it runs, others run
  test_rounding # sums in double, 150 s; what it runs, others run
  "test_(atomic_save|failing_calls)" # processes under strace
  check_tree # of the sources
)
list(JOIN long "|" long)
set(suites "^(unit|property|golden|fault|fuzz)$")
set(options "UBSAN_OPTIONS=print_stacktrace=1")

sanitized_build(asan sanitize address,undefined suites fuzz_programs)
sanitized_tests(asan_suites sanitize asan -L "${suites}" -E "^(${long})$")
# Killed at moments that are those of a build as it is delivered.
string(REPLACE "|test_(atomic_save|failing_calls)|check_tree" "" long "${long}")
sanitized_tests(asan_long deep asan -R "^(${long})$")

# ------------------------------------------------------- ThreadSanitizer ---

# Threads, sessions, trainers, cancelling, fork, and what runs in parts.
set(threaded test_dropout test_float_mode test_gemm test_graph_runs test_net
  test_optim test_session test_status test_fusion test_threads
  test_trainer test_trainer_augment test_trainer_cancel test_trainer_order)
# A child of fork() may start threads.
set(options "TSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/tsan.supp:die_after_fork=0")
sanitized_build(tsan sanitize thread ${threaded})
list(JOIN threaded "|" threaded)
sanitized_tests(tsan_suites sanitize tsan -R "^(${threaded})$")

# --------------------------------------------------------------- fuzzing ---

set(options "")
sanitized_build(fuzz deep address,undefined,fuzzer-no-link fuzz_programs)
sanitized_build(msan deep memory,fuzzer-no-link fuzz_programs)
sanitized_tests(msan_replay deep msan -L "^fuzz$")
math(EXPR short "${CNN_FUZZ_SECONDS} / 10")
foreach(target ${targets})
  fuzz_run(fuzz_run_${target} fuzz ${target} ${CNN_FUZZ_SECONDS})
  fuzz_run(msan_run_${target} msan ${target} ${short})
endforeach()
