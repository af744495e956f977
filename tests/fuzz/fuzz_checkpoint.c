/* Checkpoints: a training goes on from a file, and what it becomes is saved and
 * resumed once more. The first byte of an input is the kind of training
 * (checkpoint_rig.h), the rest the file. */
#define _GNU_SOURCE /* memfd_create() */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/checkpoint_rig.h"
#include "fuzz/fuzz_support.h"
#include "fuzz/mutate_model.h"

const size_t model_begins_at = 1;

/* A path that leads to those bytes, in memory; `fd` is to be closed. */
static void open_bytes(char path[32], int *fd, const uint8_t *data, size_t size)
{
    *fd = memfd_create("checkpoint", MFD_CLOEXEC);
    must(*fd >= 0 && write(*fd, data, size) == (ssize_t)size,
         "no file in memory");
    snprintf(path, 32, "/proc/self/fd/%d", *fd);
}

/* What a failure must leave alone. */
typedef struct state {
    float *params;
    size_t size; /* bytes */
    int64_t steps, epoch;
    float lr;
} state;

static state look(const rig *r)
{
    const size_t size = cnn_net_param_count(r->net) * sizeof(float);

    return (state){exact_copy(cnn_net_params(r->net), size), size,
                   cnn_trainer_steps(r->trainer), cnn_trainer_epoch(r->trainer),
                   cnn_optim_lr(r->optim)};
}

static bool is_same(const state *a, const state *b)
{
    return memcmp(a->params, b->params, a->size) == 0 && a->steps == b->steps &&
           a->epoch == b->epoch && a->lr == b->lr;
}

static bool is_finite(const rig *r)
{
    const float *p = cnn_net_params(r->net);

    for (size_t i = 0; i < cnn_net_param_count(r->net); i++)
        if (!isfinite(p[i]))
            return false;
    return true;
}

/* What was saved can be resumed, and is the same. */
static void save_and_resume(const rig *r, int kind)
{
    char path[64];
    rig other;

    snprintf(path, sizeof(path), "/dev/shm/libcnn-fuzz-%d", (int)getpid());
    const cnn_status status = see(cnn_trainer_save(r->trainer, path));
    if (status == CNN_EDIVERGED)
        return;
    must(status == CNN_OK, "save: %s", cnn_last_error());
    rig_open(&other, kind);
    const cnn_status resumed = see(cnn_trainer_resume(other.trainer, path));
    unlink(path);
    must(resumed == CNN_OK, "what was saved is refused: %s", cnn_last_error());
    state a = look(r), b = look(&other);
    must(is_same(&a, &b), "what was saved and resumed is another training");
    free(a.params);
    free(b.params);
    rig_close(&other);
}

static void go_on(const rig *r, int kind)
{
    for (int i = 0; i < 2; i++)
        if (see(cnn_trainer_step(r->trainer, NULL)) == CNN_OK)
            must(is_finite(r), "parameters that are not finite, after a step "
                               "that went well");
    save_and_resume(r, kind);
    see(cnn_trainer_validate(r->trainer, r->dataset, NULL));
    see(cnn_trainer_copy_average(r->trainer, r->net));
    see(cnn_trainer_copy_best(r->trainer, r->net));
}

/* Inputs from before there was the last kind have any first byte. */
static int kind_of(uint8_t first)
{
    return first < RIGS ? first : first % LEARNING;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd;
    rig r;

    if (size == 0)
        return 0;
    memory_watch((size_t)64 << 20);
    rig_open(&r, kind_of(data[0]));
    state before = look(&r);
    const size_t rest = memory_bytes();
    open_bytes(path, &fd, data + 1, size - 1);
    const cnn_status status = see(cnn_trainer_resume(r.trainer, path));
    close(fd);
    must(memory_peak() - rest <= 5 * size + ((size_t)1 << 20),
         "%zu bytes for a file of %zu", memory_peak() - rest, size);
    state after = look(&r);
    if (status == CNN_OK)
        go_on(&r, kind_of(data[0]));
    else
        must(is_same(&before, &after), "a failure changed the training");
    free(before.params);
    free(after.params);
    rig_close(&r);
    must(memory_blocks() == 0, "%zu blocks were left", memory_blocks());
    return 0;
}
