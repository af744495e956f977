/* A layer that the program wrote (cnn/custom.h). The functions are its own; the
 * sizes that they ask for are checked here. */
#include "cnn/custom.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "base/random.h"
#include "base/utf8.h"
#include "layers/kinds.h"
#include "layers/partials.h"
#include "math/sum.h"

/* What a summary can add up, and JSON can hold. */
#define MOST_COST ((int64_t)1 << 53)

typedef struct custom {
    cnn_layer base;
    cnn__layer_ops ops; /* with the name of this layer as its kind */
    cnn_layer_methods m;
    void *user;
    cnn_layer_plan plan;
    char name[CNN_MAX_CUSTOM_NAME + 1];
    char settings[CNN_MAX_CUSTOM_SETTINGS + 1];
} custom;

static bool by_samples(const custom *c)
{
    return (c->m.flags & CNN_BY_SAMPLES) != 0;
}

/* ------------------------------------------------------------ checks --- */

static cnn_status copy_name(custom *c)
{
    const char *name = c->m.name;
    const size_t n = name != NULL ? strnlen(name, CNN_MAX_CUSTOM_NAME + 1) : 0;

    if (n < 1 || n > CNN_MAX_CUSTOM_NAME)
        return cnn__fail(CNN_EINVAL,
                         "a name of %zu bytes or more, expected 1 to %d", n,
                         CNN_MAX_CUSTOM_NAME);
    for (size_t i = 0; i < n; i++) {
        const char b = name[i];

        if (!((b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') ||
              (b >= '0' && b <= '9') || b == '_' || b == '.' || b == '-'))
            return cnn__fail(CNN_EINVAL,
                             "byte %zu of the name is 0x%02x, expected A-Z a-z "
                             "0-9 _ . -",
                             i, (unsigned)(unsigned char)b);
    }
    memcpy(c->name, name, n);
    c->m.name = c->name;
    c->ops.kind = c->name;
    return CNN_OK;
}

static cnn_status copy_settings(custom *c)
{
    const char *text = c->m.settings != NULL ? c->m.settings : "";
    const size_t n = strnlen(text, CNN_MAX_CUSTOM_SETTINGS + 1);

    if (n > CNN_MAX_CUSTOM_SETTINGS)
        return cnn__fail(CNN_EINVAL, "settings of more than %d bytes",
                         CNN_MAX_CUSTOM_SETTINGS);
    for (size_t i = 0; i < n;) {
        uint32_t code;
        const size_t length = cnn__utf8_read(text + i, n - i, &code);

        if (length == 0)
            return cnn__fail(CNN_EINVAL,
                             "the settings are not UTF-8 at byte "
                             "%zu",
                             i);
        i += length;
    }
    memcpy(c->settings, text, n);
    c->m.settings = c->settings;
    return CNN_OK;
}

static cnn_status check(cnn_layer *layer)
{
    custom *c = (custom *)layer;
    const cnn_layer_methods *m = &c->m;

    CNN__TRY(copy_name(c));
    CNN__TRY(copy_settings(c));
    if ((m->flags & ~CNN_BY_SAMPLES) != 0)
        return cnn__fail(CNN_EINVAL, "unknown flags 0x%x, expected 0 or 0x%x",
                         (unsigned)m->flags, CNN_BY_SAMPLES);
    if (m->forward == NULL || m->backward == NULL)
        return cnn__fail(CNN_EINVAL, "%s is NULL",
                         m->forward == NULL ? "forward" : "backward");
    return CNN_OK;
}

static cnn_status check_plan(const cnn_layer_plan *p)
{
    if (p->out.c < 1 || p->out.h < 1 || p->out.w < 1)
        return cnn__fail(CNN_ESHAPE, "output %dx%dx%d, expected at least 1x1x1",
                         p->out.c, p->out.h, p->out.w);
    if (p->params > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%zu parameters, more than %d",
                         p->params, INT32_MAX);
    if (p->connections < 0 || p->connections > MOST_COST ||
        p->multiply_adds < 0 || p->multiply_adds > MOST_COST)
        return cnn__fail(CNN_EINVAL,
                         "%lld connections and %lld multiply-adds, expected 0 "
                         "to %lld",
                         (long long)p->connections, (long long)p->multiply_adds,
                         (long long)MOST_COST);
    return CNN_OK;
}

static cnn_status shape(cnn_layer *layer)
{
    custom *c = (custom *)layer;
    const cnn_shape in = layer->in;
    cnn_layer_plan p = {.struct_size = sizeof(p), .in = in, .out = in};

    if (c->m.shape != NULL && c->m.shape(c->user, &p) != 0) {
        p.why[sizeof(p.why) - 1] = 0;
        return cnn__fail(CNN_ESHAPE, "input %dx%dx%d is refused%s%s", in.c,
                         in.h, in.w, p.why[0] != 0 ? ": " : "", p.why);
    }
    CNN__TRY(check_plan(&p));
    p.in = in;
    c->plan = p;
    layer->out = p.out;
    if (p.params > 0)
        cnn__add_tensor(
            layer, &(cnn__tensor){.name = "params",
                                  .rank = 1,
                                  .dims = {(int32_t)p.params},
                                  .initial = {CNN_INIT_CONSTANT, 0.0f, 1, 1}});
    return CNN_OK;
}

/* ------------------------------------------------------------ memory --- */

/* The most samples in a call of forward or backward. */
static int32_t most_samples(const custom *c, int32_t batch)
{
    const int32_t chunk = cnn__chunk_samples(cnn__shape_size(&c->base.in));
    const int32_t part =
        c->plan.params > 0 ? (int32_t)cnn__partial_most(batch) : 0;
    const int32_t most = chunk > part ? chunk : part;

    return by_samples(c) && most < batch ? most : batch;
}

static void sizes(const cnn_layer *layer, int32_t batch, cnn__workspace *need)
{
    const custom *c = (const custom *)layer;
    const size_t most = (size_t)most_samples(c, batch);
    const size_t floats = cnn__size_add(
        c->plan.workspace, cnn__size_mul(most, c->plan.workspace_of_sample));

    if (!by_samples(c)) {
        need->shared = floats;
        return;
    }
    need->scratch = floats;
    need->shared = cnn__partials_floats(batch, c->plan.params);
}

/* Each layer of a net has its own random numbers. */
static uint64_t layer_seed(const cnn_layer *layer, uint64_t seed)
{
    return seed + ((uint64_t)layer->index << 32);
}

static void init(cnn_layer *layer)
{
    const custom *c = (const custom *)layer;

    if (c->m.init != NULL && c->plan.params > 0)
        c->m.init(c->user, &c->plan, layer_seed(layer, layer->run.seed),
                  layer->params.value);
}

/* ------------------------------------------------------------ passes --- */

/* What one pass hands to its chunks. */
typedef struct job {
    const custom *c;
    const cnn__run *run;
    int32_t samples; /* of a chunk */
    bool back;
    const float *x, *y, *dy;
    float *to; /* y or dx */
} job;

/* Samples that one call computes, and what it writes to besides. */
typedef struct part {
    int32_t first, count;
    float *workspace, *grads;
} part;

static void run_part(const job *j, const part *p)
{
    const custom *c = j->c;
    const cnn_layer *layer = &c->base;
    const size_t x = (size_t)p->first * cnn__shape_size(&layer->in);
    const size_t y = (size_t)p->first * cnn__shape_size(&layer->out);
    const bool works = c->plan.workspace > 0 || c->plan.workspace_of_sample > 0;
    const cnn_layer_pass pass = {
        .struct_size = sizeof(pass),
        .flags = cnn__trains(layer, j->run->flags) ? CNN_TRAIN : 0,
        .batch = p->count,
        .first = (int32_t)j->run->first + p->first,
        .in = layer->in,
        .out = layer->out,
        .param_count = layer->params.count,
        .params = layer->params.value,
        .grads = p->grads,
        .workspace = works ? p->workspace : NULL,
        .seed = layer_seed(layer, j->run->seed),
        .step = j->run->step,
    };

    if (j->back)
        c->m.backward(c->user, &pass, j->x + x, j->y + y, j->dy + y,
                      j->to != NULL ? j->to + x : NULL);
    else
        c->m.forward(c->user, &pass, j->x + x, j->to + y);
}

static void run_chunk(void *data, int64_t chunk, int32_t worker)
{
    const job *j = data;
    const int32_t first = (int32_t)chunk * j->samples;
    const int32_t rest = j->run->batch - first;

    run_part(j, &(part){first, rest < j->samples ? rest : j->samples,
                        cnn__run_scratch(j->run, worker), NULL});
}

/* Samples whose gradients are one partial. */
static void add_samples(void *data, const cnn__partial *p)
{
    const job *j = data;

    run_part(j, &(part){(int32_t)p->first, (int32_t)(p->end - p->first),
                        cnn__run_scratch(j->run, p->worker), p->sum});
}

static void run_and_sum(job *j, int32_t workers)
{
    const cnn__params *params = &j->c->base.params;
    const cnn__partials partials = {
        .chunks = j->run->batch,
        .floats = params->count,
        .sums = j->run->shared,
        .add = add_samples,
        .data = j,
    };

    cnn__sum_partials(&partials, workers);
    cnn__add(params->grad, partials.sums, params->count);
}

static void run_all(job *j)
{
    const cnn_layer *layer = &j->c->base;
    const cnn__run *run = j->run;
    const bool sums = j->back && layer->params.count > 0;
    const int32_t workers = cnn__run_workers(layer, run);

    if (!by_samples(j->c)) {
        run_part(j, &(part){0, run->batch, run->shared,
                            sums ? layer->params.grad : NULL});
        return;
    }
    if (sums) {
        run_and_sum(j, workers);
        return;
    }
    j->samples = cnn__chunk_samples(cnn__shape_size(&layer->in));
    cnn__parallel(cnn__chunks(run->batch, j->samples), workers, run_chunk, j);
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    run_all(&(job){.c = (const custom *)layer, .run = run, .x = x, .to = y});
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    run_all(&(job){.c = (const custom *)layer,
                   .run = run,
                   .back = true,
                   .x = x,
                   .y = y,
                   .dy = dy,
                   .to = dx});
}

/* ------------------------------------------------------------- table --- */

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const custom *c = (const custom *)layer;

    costs->connections = c->plan.connections;
    costs->multiply_adds = c->plan.multiply_adds;
}

static void release(cnn_layer *layer)
{
    const custom *c = (const custom *)layer;

    if (c->m.release != NULL)
        c->m.release(c->user);
}

static const char *settings(const cnn_layer *layer)
{
    return ((const custom *)layer)->settings;
}

static cnn_layer *copy(const cnn_layer *layer)
{
    const custom *c = (const custom *)layer;
    void *user = c->user;

    if (c->m.copy == NULL && c->m.release != NULL) {
        cnn__fail(CNN_EUNSUPPORTED,
                  "the custom layer %s has a release and no copy", c->name);
        return cnn__lost(CNN__LAYER);
    }
    if (c->m.copy != NULL) {
        user = c->m.copy(c->user);
        if (user == NULL) {
            cnn__fail(CNN_ENOMEM, "the custom layer %s gave no copy", c->name);
            return cnn__lost(CNN__LAYER);
        }
    }
    cnn_layer *made = cnn_layer_create_custom(&c->m, user);
    if (made == NULL && c->m.copy != NULL && c->m.release != NULL)
        c->m.release(user);
    return made;
}

static const cnn__custom_ops own = {.settings = settings, .copy = copy};

static const cnn__layer_ops custom_ops = {
    .kind = "custom",
    .size = sizeof(custom),
    .options = offsetof(custom, m),
    .options_size = sizeof(cnn_layer_methods),
    .traits = CNN__NEEDS_X | CNN__NEEDS_Y,
    .check = check,
    .shape = shape,
    .sizes = sizes,
    .init = init,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
    .custom = &own,
};

cnn_layer *cnn_layer_create_custom(const cnn_layer_methods *methods, void *user)
{
    custom *c = (custom *)cnn__layer_new(&custom_ops, methods);

    if (c == NULL)
        return NULL;
    c->ops = custom_ops;
    c->base.ops = &c->ops;
    if (cnn__layer_checked(&c->base) == NULL)
        return NULL;
    c->user = user;
    c->ops.release = release; /* now that there is a layer that has it */
    return &c->base;
}
