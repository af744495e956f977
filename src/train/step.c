/* Updating layers and nets, and the whole training step. */
#include <math.h>
#include <stdatomic.h>

#include "base/float_mode.h"
#include "base/options.h"
#include "math/gemm.h"
#include "math/sum.h"
#include "net/net_impl.h"
#include "train/loss.h"
#include "train/optim_impl.h"
#include "train/step.h"

cnn_status cnn_layer_update(cnn_layer *layer, const cnn_optim *optim)
{
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "layer_update");
    if (optim == NULL)
        return cnn__fail_null(CNN__OPTIM, "layer_update");
    if (!layer->built)
        return cnn__fail(CNN_ESTATE, "layer_update: the %s layer is not built",
                         layer->ops->kind);
    return cnn__optim_update(optim, layer);
}

cnn_status cnn_net_update(cnn_net *net, const cnn_optim *optim)
{
    CNN__TRY(cnn__net_check_built(net));
    if (optim == NULL)
        return cnn__fail_null(CNN__OPTIM, "net_update");
    /* If several layers diverge, the lowest one is reported. */
    cnn_status status = CNN_OK;
    for (int32_t i = net->count - 1; i >= 0; i--)
        if (cnn__optim_update(optim, net->layers[i]) != CNN_OK)
            status = CNN_EDIVERGED;
    return status;
}

cnn_status cnn_net_clip_grads(cnn_net *net, float max_norm, double *norm)
{
    CNN__TRY(cnn__net_check_built(net));
    if (!(max_norm > 0.0f))
        return cnn__fail(CNN_EINVAL,
                         "net_clip_grads: max_norm %g, expected above 0",
                         (double)max_norm);
    const double length = cnn__norm(net->params.grad, net->params.count);
    const double factor = (double)max_norm / (length + 1e-6);
    for (size_t i = 0; i < net->params.count && factor < 1.0; i++)
        net->params.grad[i] *= (float)factor;
    if (norm != NULL)
        *norm = length;
    return CNN_OK;
}

/* ------------------------------------------------ a step of training --- */

cnn__criterion cnn__net_criterion(const cnn_net *net)
{
    return (cnn__criterion){.loss = net->loss,
                            .smoothing = net->loss_options.label_smoothing,
                            .delta = net->loss_options.huber_delta,
                            .own = net->custom_loss,
                            .user = net->custom_user};
}

int32_t cnn__scored_layers(const cnn_net *net)
{
    const cnn_layer *last = net->layers[net->count - 1];
    const bool folded = last->ops->folds_into != NULL &&
                        last->ops->folds_into(last) == net->loss;

    return folded ? net->count - 1 : net->count;
}

const float *cnn__scored(const cnn_net *net, const float *x)
{
    const int32_t end = cnn__scored_layers(net);

    return end > 0 ? net->pass.y[end - 1] : x;
}

cnn__outcome cnn__net_outcome(const cnn_net *net, const cnn_batch *b)
{
    return (cnn__outcome){.N = b->count,
                          .K = cnn__shape_size(&net->out),
                          .y = cnn__scored(net, b->x),
                          .labels = b->labels,
                          .targets = b->targets,
                          .weights = b->weights};
}

double cnn__found_loss(const cnn_net *net, const cnn__found *found)
{
    const bool mean = net->reduction == CNN_REDUCE_MEAN && found->weight > 0.0;

    return mean ? found->loss / found->weight : found->loss;
}

double cnn__net_share(const cnn_net *net, const cnn_batch *b)
{
    const double total = cnn__total_weight(b->weights, b->count);

    /* A trainer may come upon a batch whose weights are all 0. */
    return net->reduction == CNN_REDUCE_MEAN && total > 0.0 ? total : 1.0;
}

static bool all_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

/* Runs the pass again up to each layer in turn, because layers that work in
 * place overwrite earlier outputs. */
static cnn_status find_diverged(cnn_net *net, int32_t end, int32_t batch,
                                const float *x, double loss)
{
    for (int32_t i = 0; i < end; i++) {
        const cnn_layer *layer = net->layers[i];
        const size_t n = (size_t)batch * cnn__shape_size(&layer->out);

        cnn__pass_forward(&net->pass, i + 1, CNN_TRAIN, batch, x);
        if (!all_finite(net->pass.y[i], n))
            return cnn__fail(CNN_EDIVERGED,
                             "the loss is %g; layer %d (%s) is the first whose "
                             "output is not finite",
                             loss, i, layer->ops->kind);
    }
    return cnn__fail(CNN_EDIVERGED,
                     "the loss is %g, though every output is finite", loss);
}

/* Allocates a place for hidden outputs: nothing else needs them, so the net has
 * none. */
static cnn_status fail_diverged(cnn_net *net, int32_t end, int32_t batch,
                                const float *x, double loss)
{
    const size_t hidden = cnn__pass_hidden_floats(&net->pass, net->max_batch);
    const cnn__over_ranks *over = net->pass.run.over;
    float *memory = NULL;

    net->pass.run.over = NULL; /* other ranks make no such passes */
    if (net->watch == NULL && hidden > 0) {
        memory = cnn__alloc(cnn__size_mul(hidden, sizeof(float)));
        if (memory == NULL) {
            net->pass.run.over = over;
            return cnn__fail(CNN_EDIVERGED,
                             "the loss is %g; there is no memory to see where "
                             "it comes from",
                             loss);
        }
        cnn__pass_show(&net->pass, net->max_batch, memory);
    }
    const cnn_status status = find_diverged(net, end, batch, x, loss);
    if (memory != NULL)
        cnn__pass_show(&net->pass, net->max_batch, NULL);
    cnn__free(memory);
    net->pass.run.over = over;
    return status;
}

typedef struct gradients {
    const cnn__params *params;
    atomic_bool bad; /* the sum of a chunk is not finite */
} gradients;

/* A sum is cheap to check: it is not finite if one of its terms is not. */
static void check_chunk(void *data, int64_t chunk, int32_t worker)
{
    gradients *g = data;
    const cnn__params *p = g->params;

    (void)worker;
    if (!isfinite(cnn__sum(p->grad + (size_t)chunk * CNN__PARAMS_CHUNK,
                           cnn__params_chunk(p, chunk))))
        atomic_store(&g->bad, true);
}

/* Needed even if the loss is finite: where a sigmoid maps an infinite input to
 * a bound, backward multiplies infinity by zero. */
cnn_status cnn__net_check_gradients(const cnn_net *net)
{
    gradients g = {.params = &net->params};

    cnn__parallel(cnn__params_chunks(&net->params), net->pass.run.workers,
                  check_chunk, &g);
    if (!atomic_load(&g.bad))
        return CNN_OK;
    for (int32_t i = 0; i < net->count; i++) {
        const cnn__params *p = &net->layers[i]->params;

        if (!all_finite(p->grad, p->count))
            return cnn__fail(CNN_EDIVERGED,
                             "the gradient of layer %d (%s) is not finite", i,
                             net->layers[i]->ops->kind);
    }
    return CNN_OK; /* each is finite, only their sum is not */
}

cnn_status cnn__net_gradients(cnn_net *net, const cnn_batch *b, double share,
                              uint32_t first, cnn__found *found)
{
    const cnn__criterion criterion = cnn__net_criterion(net);
    const int32_t N = b->count, end = cnn__scored_layers(net);
    const cnn__outcome outcome = cnn__net_outcome(net, b);

    net->ran = 0;
    net->trained = 0;
    net->pass.run.first = first;
    cnn__gemm_enter();
    cnn__pass_forward(&net->pass, end, CNN_TRAIN, N, b->x);
    const double sum = cnn__loss(&criterion, &outcome, 1.0f / (float)share,
                                 cnn__back_dy(&net->pass, end - 1));
    cnn_status status =
        isfinite(sum) ? CNN_OK : fail_diverged(net, end, N, b->x, sum);
    if (net->pass.run.over != NULL)
        status = net->pass.run.over->agree(net->pass.run.over->user, status);
    if (status == CNN_OK)
        cnn__pass_backward(&net->pass, end - 1, N, b->x, NULL);
    cnn__gemm_leave();
    net->pass.run.first = 0;
    *found = (cnn__found){sum, cnn__total_weight(b->weights, N), N,
                          cnn__hits(&criterion, &outcome)};
    return status;
}

cnn_status cnn__net_finish(cnn_net *net, const cnn_optim *optim,
                           float clip_norm, int32_t N)
{
    if (net->watch != NULL)
        cnn__watch_step(net, N);
    if (clip_norm > 0.0f)
        CNN__TRY(cnn_net_clip_grads(net, clip_norm, NULL));
    return cnn_net_update(net, optim);
}

cnn_batch cnn__batch_part(const cnn_net *net, const cnn_batch *b, int32_t first,
                          int32_t end)
{
    const size_t at = (size_t)first, x = cnn__shape_size(&net->in);
    const size_t y = cnn__shape_size(&net->out);

    return (cnn_batch){
        .struct_size = sizeof(cnn_batch),
        .count = end - first,
        .x = b->x + at * x,
        .labels = b->labels != NULL ? b->labels + at : NULL,
        .targets = b->targets != NULL ? b->targets + at * y : NULL,
        .weights = b->weights != NULL ? b->weights + at : NULL,
    };
}

void cnn__found_add(cnn__found *all, const cnn__found *found)
{
    all->loss += found->loss;
    all->weight += found->weight;
    all->count += found->count;
    all->correct += found->correct;
}

/* The gradients of a batch, one of its pieces after the other. */
static cnn_status find_gradients(cnn_net *net, const cnn_batch *b,
                                 int32_t pieces, cnn__found *all)
{
    const double share = cnn__net_share(net, b);

    *all = (cnn__found){0};
    CNN__TRY(cnn_net_zero_grad(net));
    for (int32_t p = 0; p < pieces; p++) {
        const int32_t first = cnn__piece_begin(b->count, pieces, p);
        const cnn_batch piece = cnn__batch_part(
            net, b, first, cnn__piece_begin(b->count, pieces, p + 1));
        cnn__found found;

        CNN__TRY(
            cnn__net_gradients(net, &piece, share, (uint32_t)first, &found));
        cnn__found_add(all, &found);
    }
    return cnn__net_check_gradients(net);
}

/* All pieces, before the first is run. */
static cnn_status check_pieces(const cnn_net *net, const cnn_batch *b,
                               int32_t pieces)
{
    if (pieces == 1)
        return cnn__check_batch_of(net, b);
    for (int32_t p = 0; p < pieces; p++) {
        const cnn_batch piece =
            cnn__batch_part(net, b, cnn__piece_begin(b->count, pieces, p),
                            cnn__piece_begin(b->count, pieces, p + 1));

        CNN__TRY(cnn__check_batch_of(net, &piece));
    }
    return CNN_OK;
}

static cnn_status learn(cnn_net *net, const cnn_optim *optim, float clip_norm,
                        const cnn_batch *b, int32_t pieces, cnn_metrics *out)
{
    cnn__found found;

    CNN__TRY(cnn__net_check_built(net));
    if (optim == NULL)
        return cnn__fail_null(CNN__OPTIM, "net_train_step");
    CNN__TRY(check_pieces(net, b, pieces));
    cnn__run_count(&net->pass.run, 1);
    const cnn_status status = find_gradients(net, b, pieces, &found);
    /* A failed pass does not count, so that dropout in later passes is not
     * affected. */
    cnn__run_count(&net->pass.run, -(status != CNN_OK));
    CNN__TRY(status);
    CNN__TRY(cnn__net_finish(
        net, optim, clip_norm,
        b->count - cnn__piece_begin(b->count, pieces, pieces - 1)));
    if (out != NULL)
        *out = (cnn_metrics){cnn__found_loss(net, &found), found.count,
                             found.correct};
    return CNN_OK;
}

/* Treats denormal numbers as zero. Sigmoid units make ever smaller gradients;
 * denormal ones have no effect, but many processors are slow with them. */
cnn_status cnn__net_learn(cnn_net *net, const cnn_optim *optim, float clip_norm,
                          const cnn_batch *b, int32_t pieces, cnn_metrics *out)
{
    const cnn__float_mode mode = cnn__float_mode_get();

    cnn__float_mode_set(cnn__float_mode_flushing(mode));
    const cnn_status status = learn(net, optim, clip_norm, b, pieces, out);
    cnn__float_mode_set(mode);
    return status;
}

static bool all_zero(const float *weights, int32_t count)
{
    for (int32_t n = 0; n < count && weights != NULL; n++)
        if (weights[n] != 0.0f)
            return false;
    return weights != NULL;
}

cnn_status cnn_net_train_batch(cnn_net *net, const cnn_optim *optim,
                               const cnn_batch *batch, cnn_metrics *out)
{
    cnn_batch b;

    if (batch == NULL)
        return cnn__fail(CNN_EINVAL, "net_train_batch: batch is NULL");
    CNN__TRY(cnn__options_read(&b, sizeof(b), batch, "batch"));
    CNN__TRY(cnn__net_check_built(net));
    CNN__TRY(cnn__check_batch(b.count, net->max_batch));
    if (all_zero(b.weights, b.count))
        return cnn__fail(CNN_EINVAL, "the weights of all %d samples are 0",
                         b.count);
    return cnn__net_learn(net, optim, 0.0f, &b, 1, out);
}

cnn_status cnn_net_train_step(cnn_net *net, const cnn_optim *optim,
                              int32_t batch, const float *x,
                              const int32_t *labels, cnn_metrics *out)
{
    const cnn_batch b = {.count = batch, .x = x, .labels = labels};
    return cnn__net_learn(net, optim, 0.0f, &b, 1, out);
}
