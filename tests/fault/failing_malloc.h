/* What failing_malloc.c can be told. The functions are weak: they are there if
 * it was preloaded. */
#ifndef TESTS_FAULT_FAILING_MALLOC_H
#define TESTS_FAULT_FAILING_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

#pragma weak failing_malloc_arm
#pragma weak failing_malloc_disarm
#pragma weak failing_malloc_live

/* From now on the n-th allocation fails, or it and all that follow. */
void failing_malloc_arm(size_t n, bool for_ever);

/* No more fail; how many have. */
size_t failing_malloc_disarm(void);

/* Blocks that were taken while it was armed and are still in use. */
size_t failing_malloc_live(void);

#endif
