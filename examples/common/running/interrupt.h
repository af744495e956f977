/* Ctrl-C: the first ends the training after the step it is at, the second ends
 * the program at once. */
#ifndef EXAMPLES_INTERRUPT_H
#define EXAMPLES_INTERRUPT_H

#include <stdbool.h>

#include <cnn/cnn.h>

/* From here on SIGINT and SIGTERM stop this trainer; NULL: as it was before. */
void interrupt_stops(cnn_trainer *trainer);

/* From here on a signal that comes between two trainers is kept for
 * interrupt_signal(), and for the next trainer; false: as it was before. */
void interrupt_waits(bool waits);

/* The signal that came, 0 if none did. */
int interrupt_signal(void);

/* The same of any rank; all of them make this call. */
int interrupt_agreed(void);

#endif
