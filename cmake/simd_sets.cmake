# cnn_simd_sets(like objects source...): compiles each source once for every
# instruction set that src/math/simd.c chooses among while it runs, with the
# definitions and folders of the target `like`, and sets `objects` to the
# outcome. The definition CNN__WIDE_SETS tells `like` whether there is more than
# the baseline, what everything else is compiled for.
#
# Whatever optimisation was asked for, these are loops that live by being turned
# into vector instructions, which begins at -O3. With a sanitizer nobody measures
# them, and they would take a minute each to compile.

include(CheckCSourceCompiles)

set(CNN_AVX2_FLAGS -mavx2 -mfma)
set(CNN_AVX512_FLAGS
  -mfma -mavx512f -mavx512dq -mavx512vl -mprefer-vector-width=512)

function(cnn_check_wide_sets)
  list(JOIN CNN_AVX512_FLAGS " " CMAKE_REQUIRED_FLAGS)
  string(APPEND CMAKE_REQUIRED_FLAGS " ${CNN_AVX2_FLAGS}")
  check_c_source_compiles("
    #ifndef __x86_64__
    #error
    #endif
    int main(void)
    {
        return !__builtin_cpu_supports(\"avx512vl\");
    }" CNN_HAVE_WIDE_SETS)
endfunction()

function(cnn_simd_set name like sources)
  set(target cnn_simd_${name})
  add_library(${target} OBJECT ${sources})
  cnn_build_flags(${target})
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden)
  target_compile_options(${target} PRIVATE ${ARGN})
  if(NOT CNN_SANITIZE)
    target_compile_options(${target} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3>)
  endif()
  target_compile_definitions(${target} PRIVATE CNN__SET=${name})
  target_include_directories(${target} PRIVATE
    $<TARGET_PROPERTY:${like},INCLUDE_DIRECTORIES>)
endfunction()

function(cnn_simd_sets like objects)
  cnn_check_wide_sets()
  set(names baseline)
  cnn_simd_set(baseline ${like} "${ARGN}")
  if(CNN_HAVE_WIDE_SETS)
    list(APPEND names avx2 avx512)
    cnn_simd_set(avx2 ${like} "${ARGN}" ${CNN_AVX2_FLAGS})
    cnn_simd_set(avx512 ${like} "${ARGN}" ${CNN_AVX512_FLAGS})
    target_compile_definitions(${like} PRIVATE CNN__WIDE_SETS)
  endif()
  list(TRANSFORM names REPLACE "(.+)" "$<TARGET_OBJECTS:cnn_simd_\\1>")
  set(${objects} ${names} PARENT_SCOPE)
endfunction()
