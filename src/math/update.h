/* One step of an optimiser, in one pass over the parameters. The formulas are
 * those of cnn/optim.h. */
#ifndef CNN_MATH_UPDATE_H
#define CNN_MATH_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

enum { CNN__SGD, CNN__ADAM, CNN__RMSPROP, CNN__UPDATES };

/* Arrays of n floats that do not overlap, and the numbers of the formula. */
typedef struct cnn__update {
    size_t n;
    float *p;
    const float *g;
    float *b; /* momentum, or mean of the gradients; or NULL */
    float *v; /* mean of the squared gradients; or NULL */
    float lr;
    float add;    /* times p, added to g */
    float shrink; /* factor of p, before the step */
    float mu;     /* factor of b: momentum, beta1 */
    float nu;     /* factor of v: beta2, decay */
    float root;   /* Adam's sqrt(1 - beta2^t) */
    float eps;
    bool nesterov;
} cnn__update;

/* Makes the step. False if an element of p or v is not finite afterwards. */
typedef bool cnn__update_fn(const cnn__update *u);

#endif
