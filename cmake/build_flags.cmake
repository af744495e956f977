# cnn_build_flags(target): language level, warnings and sanitizers of the
# project's own targets. Nothing here reaches the programs that use libcnn.

# Where float arithmetic is done in wider registers (s390x, 32-bit x86 without
# SSE), a scalar may be as wide as that only if this is left to the compiler.
include(CheckCCompilerFlag)
check_c_compiler_flag(-fexcess-precision=fast CNN_HAVE_EXCESS_PRECISION)

function(cnn_build_flags target)
  # Contraction is off, so that an expression has the same bits with every
  # compiler and at every level of optimisation. Nobody looks at errno after a
  # function of math.h, nor at the floating-point exceptions: loops with a
  # comparison vectorise only without the latter. Both leave results alone.
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  # Files are as large on 32-bit machines as elsewhere, and inode numbers.
  target_compile_definitions(${target} PRIVATE _FILE_OFFSET_BITS=64)
  target_compile_options(${target} PRIVATE
    -ffp-contract=off -fno-math-errno -fno-trapping-math
    $<$<BOOL:${CNN_HAVE_EXCESS_PRECISION}>:-fexcess-precision=fast>
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wstrict-prototypes -Wvla -Wformat=2 -Wdouble-promotion
    $<$<BOOL:${CNN_WERROR}>:-Werror>)
  if(CNN_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${CNN_SANITIZE} -fno-sanitize-recover=all
      -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${CNN_SANITIZE})
  endif()
endfunction()
