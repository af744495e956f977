/* The ten digits as 7 x 12 pictures: the codes of LeNet-5's output layer. */
#ifndef CNN_LAYERS_DIGIT_CODES_H
#define CNN_LAYERS_DIGIT_CODES_H

#include <stdint.h>

#define CNN__DIGITS       10
#define CNN__DIGIT_WIDTH  7
#define CNN__DIGIT_HEIGHT 12
#define CNN__DIGIT_PIXELS (CNN__DIGIT_WIDTH * CNN__DIGIT_HEIGHT)

/* The picture of a digit, row by row: +1 for ink, -1 for paper. */
void cnn__digit_code(int32_t digit, float code[CNN__DIGIT_PIXELS]);

#endif
