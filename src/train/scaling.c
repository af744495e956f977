/* A model of the steps of several ranks (cnn/scaling.h). */
#include "cnn/scaling.h"

#include <math.h>

#include "base/options.h"
#include "cnn/ranks.h"

/* For batch_90: computing takes nine times as long as all that is between. */
#define NINE_TENTHS 9.0

static bool is_time(double t)
{
    return isfinite(t) && t >= 0.0;
}

static cnn_status check_machine(const cnn_scaling_machine *m)
{
    if (m->params < 1 || m->record < 0 || m->exchanges < 0)
        return cnn__fail(CNN_EINVAL,
                         "scaling: params %lld, record %lld, exchanges %d, "
                         "expected at least 1, 0 and 0",
                         (long long)m->params, (long long)m->record,
                         m->exchanges);
    if (!is_time(m->fixed) || !is_time(m->per_sample) || !is_time(m->add) ||
        !is_time(m->update) || m->per_sample == 0.0)
        return cnn__fail(CNN_EINVAL,
                         "scaling: fixed %g, per_sample %g, update %g, add %g, "
                         "expected finite times of at least 0, and per_sample "
                         "above 0",
                         m->fixed, m->per_sample, m->update, m->add);
    return CNN_OK;
}

static cnn_status check_link(cnn_scaling_link *l)
{
    if (l->sum != CNN_SUM_HALVING && l->sum != CNN_SUM_RING)
        return cnn__fail(CNN_EINVAL, "scaling: sum %d, expected %d or %d",
                         l->sum, CNN_SUM_HALVING, CNN_SUM_RING);
    if (!(isfinite(l->bandwidth) && l->bandwidth > 0.0))
        return cnn__fail(CNN_EINVAL,
                         "scaling: bandwidth %g, expected bits a second, above "
                         "0",
                         l->bandwidth);
    if (!is_time(l->latency))
        return cnn__fail(CNN_EINVAL,
                         "scaling: latency %g, expected seconds, at least 0",
                         l->latency);
    if (!(l->payload >= 0.0 && l->payload <= 1.0))
        return cnn__fail(CNN_EINVAL, "scaling: payload %g, expected up to 1",
                         l->payload);
    if (l->payload == 0.0)
        l->payload = 0.94;
    return CNN_OK;
}

/* The logarithm of n, rounded down. */
static int32_t log2_of(int32_t n)
{
    int32_t log = 0;

    while (n >> (log + 1) > 0)
        log++;
    return log;
}

/* What adding up takes. */
typedef struct way {
    double messages; /* one after the other */
    double volume;   /* through each link, in arrays of all parameters */
    double adding;   /* in such arrays */
} way;

static way way_of(int32_t sum, int32_t n)
{
    const int32_t log = log2_of(n), k = sum == CNN_SUM_RING ? n : 1 << log;
    const double share = (double)(k - 1) / k;
    const double extra = n > k ? 1.0 : 0.0; /* the others hand over, and get */

    if (sum == CNN_SUM_RING)
        return (way){2.0 * (n - 1), 2.0 * share, share};
    return (way){2.0 * log + 2.0 * extra, 2.0 * share + 2.0 * extra,
                 share + extra};
}

static double exchange_time(const cnn_scaling_machine *m,
                            const cnn_scaling_link *l, double rate, int32_t n)
{
    const int32_t log = log2_of(n), messages = log + (n > 1 << log);

    return m->exchanges *
           (messages * l->latency + (n - 1) * (double)m->record / rate);
}

static double sum_time(const cnn_scaling_machine *m, const cnn_scaling_link *l,
                       double rate, int32_t n)
{
    const double P = (double)m->params;
    const way w = way_of(l->sum, n);

    return w.messages * l->latency + w.volume * P * sizeof(float) / rate +
           w.adding * P * m->add;
}

/* compute / (compute + between) = 0.9, solved for the batch. */
static int64_t batch_for_goal(const cnn_scaling_machine *m, double between)
{
    const double batch =
        ceil((NINE_TENTHS * between - m->fixed) / m->per_sample);

    if (batch >= (double)INT64_MAX)
        return INT64_MAX;
    return batch > 1.0 ? (int64_t)batch : 1;
}

cnn_status cnn_scaling_predict(const cnn_scaling_machine *machine,
                               const cnn_scaling_link *link, int32_t ranks,
                               int32_t batch, cnn_scaling_prediction *out)
{
    cnn_scaling_machine m;
    cnn_scaling_link l;

    if (machine == NULL || link == NULL || out == NULL)
        return cnn__fail(CNN_EINVAL, "scaling_predict: %s is NULL",
                         machine == NULL ? "machine"
                         : link == NULL  ? "link"
                                         : "out");
    CNN__TRY(cnn__options_read(&m, sizeof(m), machine, "scaling_machine"));
    CNN__TRY(cnn__options_read(&l, sizeof(l), link, "scaling_link"));
    CNN__TRY(check_machine(&m));
    CNN__TRY(check_link(&l));
    if (ranks < 1 || ranks > CNN_MAX_PORTIONS || batch < 1)
        return cnn__fail(CNN_EINVAL,
                         "scaling_predict: %d ranks of %d samples, expected 1 "
                         "to %d and at least 1",
                         ranks, batch, CNN_MAX_PORTIONS);
    const double rate = l.bandwidth * l.payload / 8.0;
    cnn_scaling_prediction p = {
        .compute = m.fixed + batch * m.per_sample,
        .exchange = exchange_time(&m, &l, rate, ranks),
        .sum = sum_time(&m, &l, rate, ranks),
    };
    p.step = p.compute + p.exchange + p.sum;
    p.samples = (double)ranks * batch / p.step;
    p.efficiency = p.compute / p.step;
    p.batch_90 = batch_for_goal(&m, p.exchange + p.sum);
    return cnn__result_write(out, &p, sizeof(p),
                             CNN__SIZE_UP_TO(cnn_scaling_prediction, batch_90),
                             "scaling_predict");
}
