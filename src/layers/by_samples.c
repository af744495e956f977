/* Passes of layers that compute each sample, or each element, by itself. The
 * batch is cut into chunks for the workers. */
#include "layers/layer_impl.h"

int32_t cnn__chunk_samples(size_t size)
{
    const size_t target = 16384;

    return size >= target ? 1 : (int32_t)(target / size);
}

/* What one pass hands to its chunks. */
typedef struct job {
    const cnn_layer *layer;
    int32_t batch, samples; /* samples of the batch, of a chunk */
    const float *x, *dy;
    float *y, *dx; /* dx is NULL in forward */
} job;

static void forward_chunk(const job *j, int32_t n, size_t x, size_t y)
{
    const cnn__layer_ops *ops = j->layer->ops;

    if (ops->pointwise != NULL)
        ops->pointwise->forward(j->layer,
                                (size_t)n * cnn__shape_size(&j->layer->in),
                                j->x + x, j->y + y);
    else
        ops->samples->forward(j->layer, n, j->x + x, j->y + y);
}

static void backward_chunk(const job *j, int32_t n, size_t x, size_t y)
{
    const cnn__layer_ops *ops = j->layer->ops;

    if (ops->pointwise != NULL)
        ops->pointwise->backward(j->layer,
                                 (size_t)n * cnn__shape_size(&j->layer->in),
                                 j->y + y, j->dy + y, j->dx + x);
    else
        ops->samples->backward(j->layer, n, j->x + x, j->y + y, j->dy + y,
                               j->dx + x);
}

static void run_chunk(void *data, int64_t chunk, int32_t worker)
{
    const job *j = data;
    const int32_t first = (int32_t)chunk * j->samples;
    const int32_t rest = j->batch - first;
    const int32_t n = rest < j->samples ? rest : j->samples;
    const size_t x = (size_t)first * cnn__shape_size(&j->layer->in);
    const size_t y = (size_t)first * cnn__shape_size(&j->layer->out);

    (void)worker;
    if (j->dx == NULL)
        forward_chunk(j, n, x, y);
    else
        backward_chunk(j, n, x, y);
}

static void run_by_samples(job *j, const cnn__run *run)
{
    j->batch = run->batch;
    j->samples = cnn__chunk_samples(cnn__shape_size(&j->layer->in));
    cnn__parallel(cnn__chunks(j->batch, j->samples), run->workers, run_chunk,
                  j);
}

void cnn__forward_by_samples(const cnn_layer *layer, const cnn__run *run,
                             const float *x, float *y)
{
    run_by_samples(&(job){.layer = layer, .x = x, .y = y}, run);
}

void cnn__backward_by_samples(const cnn_layer *layer, const cnn__run *run,
                              const float *x, const float *y, const float *dy,
                              float *dx)
{
    if (dx != NULL)
        run_by_samples(
            &(job){.layer = layer, .x = x, .y = (float *)y, .dy = dy, .dx = dx},
            run);
}
