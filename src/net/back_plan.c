/* Where gradients lie on their way back, and in which order they are added. */
#include "net/backward.h"

/* The plan while it is made. */
typedef struct plan {
    cnn__back *back;
    const cnn__pass *pass;
    int32_t *users; /* how many layers an array is the gradient of */
    int32_t batch, now;
    bool reached; /* the input has a gradient */
} plan;

static size_t input_count(cnn_layer *const *layers, int32_t count)
{
    size_t inputs = 0;

    for (int32_t i = 0; i < count; i++)
        inputs += (size_t)layers[i]->from_count;
    return inputs;
}

/* Each input's gradient may need an array, and the last output's. */
static size_t most_arrays(cnn_layer *const *layers, int32_t count)
{
    return 1 + input_count(layers, count);
}

static int32_t new_array(plan *p, size_t floats)
{
    const int32_t number = cnn__arrays_add(
        &p->back->arrays, cnn__size_mul((size_t)p->batch, floats), p->now);

    p->users[number] = 0;
    return number;
}

static void use(const plan *p, int32_t array)
{
    if (array >= 0)
        cnn__arrays_use(&p->back->arrays, array, p->now);
}

/* Is the gradient of each input dy itself? */
static bool passes_on(const cnn_layer *layer)
{
    return layer->ops->join != NULL && layer->ops->join->backward == NULL;
}

/* Where layer i writes the gradient of its input k: over dy, if it can and
 * nobody else reads that, or into a new array. */
static int32_t written_to(plan *p, int32_t i, int32_t k, int32_t dy)
{
    const cnn_layer *layer = p->pass->layers[i];

    if (layer->ops->join == NULL && (layer->ops->traits & CNN__IN_PLACE) != 0 &&
        p->users[dy] == 1)
        return dy;
    return new_array(p, cnn__input_floats(p->pass, i, k));
}

/* To the caller's array: the first gradient is written there, the others are
 * added. */
static cnn__flow flow_to_input(plan *p, int32_t i, int32_t k)
{
    const bool first = !p->reached;
    cnn__flow f = {CNN__NO_ARRAY, CNN__NO_ARRAY, CNN__CALLERS};

    p->reached = true;
    if (!first)
        f.with = CNN__CALLERS;
    if (!passes_on(p->pass->layers[i]))
        f.to = first ? CNN__CALLERS
                     : new_array(p, cnn__input_floats(p->pass, i, k));
    return f;
}

/* To layer `below`. dy is that of layer i. */
static cnn__flow flow_to_layer(plan *p, int32_t i, int32_t k, int32_t dy)
{
    cnn__back_node *below = &p->back->nodes[p->pass->layers[i]->from[k]];
    const bool on = passes_on(p->pass->layers[i]);
    const int32_t array = on ? dy : written_to(p, i, k, dy);
    cnn__flow f = {on ? CNN__NO_ARRAY : array, below->dy, array};

    if (below->dy >= 0) {
        /* The sum replaces what only this layer has, or only the one below. */
        if (on && p->users[below->dy] == 1)
            f.sum = below->dy;
        else if (on)
            f.sum = new_array(p, cnn__input_floats(p->pass, i, k));
        use(p, below->dy);
        p->users[below->dy]--;
    }
    below->dy = f.sum;
    p->users[f.sum]++;
    use(p, f.sum);
    return f;
}

/* Fused layers give one gradient, that of the input of their head. */
static void plan_layers(plan *p, int32_t head, int32_t last)
{
    const cnn_layer *layer = p->pass->layers[head];
    const cnn__back_node *node = &p->back->nodes[head];
    const int32_t dy = p->back->nodes[last].dy;

    use(p, dy);
    for (int32_t k = 0; k < layer->from_count; k++)
        p->back->flows[node->flows + k] = layer->from[k] >= 0
                                              ? flow_to_layer(p, head, k, dy)
                                              : flow_to_input(p, head, k);
    p->users[dy]--;
}

static void plan_all(plan *p)
{
    const int32_t count = p->pass->count;
    cnn__back_node *nodes = p->back->nodes;
    int32_t flows = 0;

    for (int32_t i = 0; i < count; i++) {
        nodes[i] = (cnn__back_node){.dy = CNN__NO_ARRAY, .flows = flows};
        flows += p->pass->layers[i]->from_count;
    }
    nodes[count - 1].dy =
        new_array(p, cnn__shape_size(&p->pass->layers[count - 1]->out));
    p->users[0] = 1;
    for (int32_t last = count - 1; last >= 0; last--) {
        const int32_t head = cnn__fusion_head(p->pass->fusions, last);

        p->now = count - 1 - last;
        plan_layers(p, head, last);
        last = head;
    }
    cnn__arrays_place(&p->back->arrays);
}

void cnn__back_lay_out(cnn__back *back, cnn_layer *const *layers, int32_t count,
                       cnn__arena *arena)
{
    back->nodes = cnn__arena_take(arena, (size_t)count, sizeof(*back->nodes));
    back->flows = cnn__arena_take(arena, input_count(layers, count),
                                  sizeof(*back->flows));
    back->arrays.list =
        cnn__arena_take(arena, most_arrays(layers, count), sizeof(cnn__array));
}

cnn_status cnn__back_plan(cnn__pass *pass, int32_t batch)
{
    plan p = {.back = &pass->back, .pass = pass, .batch = batch};

    p.users =
        cnn__alloc(most_arrays(pass->layers, pass->count) * sizeof(*p.users));
    if (p.users == NULL)
        return cnn_last_status();
    plan_all(&p);
    cnn__free(p.users);
    return CNN_OK;
}
