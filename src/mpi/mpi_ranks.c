/* ranks.h over MPI. Uses libcnn as any program does: from include/ only. */
#include "mpi/mpi_impl.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnn/version.h"

/* Room for the text of an error. */
#define TEXT 512

/* No struct of options is longer. */
#define LONGEST 1024

/* The most elements in one call of MPI, whose counts are ints. */
#define MOST (INT_MAX / 2 + 1)

/* -------------------------------------------------------------- failures ---
 */

cnn_status cnn__mpi_fail(cnn_status status, const char *format, ...)
{
    char text[TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return cnn_set_last_error(status, text);
}

/* What a call of MPI returned. */
static cnn_status result(int code, const char *call)
{
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0;

    if (code == MPI_SUCCESS)
        return CNN_OK;
    MPI_Error_string(code, text, &length);
    return cnn__mpi_fail(CNN_EIO, "%s: %.*s", call, length, text);
}

/* All ranks fail if one does: as the first of those with the least status. */
cnn_status cnn__mpi_agree(const cnn_mpi *m, cnn_status status)
{
    struct {
        int status, rank;
    } mine = {(int)status, m->rank}, worst;
    char text[TEXT] = "";

    TRY(result(MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MINLOC, m->comm),
               "MPI_Allreduce"));
    if (worst.status == CNN_OK)
        return CNN_OK;
    if (worst.rank == m->rank)
        snprintf(text, sizeof(text), "rank %d: %s", m->rank, cnn_last_error());
    TRY(result(MPI_Bcast(text, TEXT, MPI_CHAR, worst.rank, m->comm),
               "MPI_Bcast"));
    return cnn_set_last_error((cnn_status)worst.status, text);
}

/* ---------------------------------------------------- what ranks.h calls ---
 */

static int32_t exchange(void *user, int64_t bytes, const void *mine, void *all)
{
    const cnn_mpi *m = user;

    if (bytes > INT_MAX)
        return cnn__mpi_fail(CNN_EOVERFLOW,
                             "%lld bytes in one message, at most %d",
                             (long long)bytes, INT_MAX);
    return result(MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes,
                                MPI_BYTE, m->comm),
                  "MPI_Allgather");
}

int32_t cnn__mpi_sum(void *user, int64_t count, float *x)
{
    const cnn_mpi *m = user;

    for (int64_t at = 0; at < count; at += MOST) {
        const int n = (int)(count - at < MOST ? count - at : MOST);

        TRY(result(
            MPI_Allreduce(MPI_IN_PLACE, x + at, n, MPI_FLOAT, MPI_SUM, m->comm),
            "MPI_Allreduce"));
    }
    return CNN_OK;
}

int32_t cnn__mpi_spread(void *user, int64_t bytes, void *data)
{
    const cnn_mpi *m = user;

    for (int64_t at = 0; at < bytes; at += MOST) {
        const int n = (int)(bytes - at < MOST ? bytes - at : MOST);

        TRY(result(MPI_Bcast((char *)data + at, n, MPI_BYTE, 0, m->comm),
                   "MPI_Bcast"));
    }
    return CNN_OK;
}

/* ---------------------------------------------------------------- create ---
 */

static const char *level_name(int level)
{
    return level == MPI_THREAD_SINGLE       ? "MPI_THREAD_SINGLE"
           : level == MPI_THREAD_FUNNELED   ? "MPI_THREAD_FUNNELED"
           : level == MPI_THREAD_SERIALIZED ? "MPI_THREAD_SERIALIZED"
                                            : "MPI_THREAD_MULTIPLE";
}

/* Does MPI allow this program to have threads? */
static cnn_status check_level(int level)
{
    if (level >= MPI_THREAD_FUNNELED)
        return CNN_OK;
    return cnn__mpi_fail(
        CNN_ESTATE,
        "mpi_create: MPI gives %s, expected MPI_THREAD_FUNNELED or "
        "more, by MPI_Init_thread()",
        level_name(level));
}

/* Is MPI there, and may this thread call it? */
static cnn_status check_mpi(int *level)
{
    int yes = 0;

    TRY(result(MPI_Initialized(&yes), "MPI_Initialized"));
    if (!yes)
        return cnn__mpi_fail(CNN_ESTATE,
                             "mpi_create: MPI is not initialised, which is "
                             "up to the program");
    TRY(result(MPI_Finalized(&yes), "MPI_Finalized"));
    if (yes)
        return cnn__mpi_fail(CNN_ESTATE, "mpi_create: MPI is finalised");
    TRY(result(MPI_Query_thread(level), "MPI_Query_thread"));
    TRY(result(MPI_Is_thread_main(&yes), "MPI_Is_thread_main"));
    if (!yes && *level <= MPI_THREAD_FUNNELED)
        return cnn__mpi_fail(CNN_ESTATE,
                             "mpi_create: not called by MPI's main thread");
    return CNN_OK;
}

static cnn_status check_comm(MPI_Comm comm)
{
    int between = 0;

    if (comm == MPI_COMM_NULL)
        return cnn__mpi_fail(CNN_EINVAL, "mpi_create: the communicator is "
                                         "MPI_COMM_NULL");
    TRY(result(MPI_Comm_test_inter(comm, &between), "MPI_Comm_test_inter"));
    if (between)
        return cnn__mpi_fail(CNN_EINVAL,
                             "mpi_create: the communicator is between two "
                             "groups");
    return CNN_OK;
}

/* As libcnn reads options: a program may have been built with older headers,
 * whose struct is shorter, or with newer ones. */
static cnn_status read_struct(const cnn_mpi_options *from, cnn_mpi_options *o)
{
    const size_t size = sizeof(*o), given = from->struct_size;

    if (given < sizeof(from->struct_size) || given > LONGEST || given % 4 != 0)
        return cnn__mpi_fail(
            CNN_EINVAL, "mpi: struct_size is %zu, expected %zu", given, size);
    for (size_t i = size; i < given; i++)
        if (((const char *)from)[i] != 0)
            return cnn__mpi_fail(CNN_EUNSUPPORTED,
                                 "mpi: the field at byte %zu is set, but this "
                                 "version of libcnn_mpi knows only %zu bytes",
                                 i & ~(size_t)3, size);
    memcpy(o, from, given < size ? given : size);
    return CNN_OK;
}

static cnn_status read_options(const cnn_mpi_options *from, cnn_mpi_options *o)
{
    memset(o, 0, sizeof(*o));
    if (from == NULL)
        return CNN_OK;
    TRY(read_struct(from, o));
    if (o->portions < 0 || o->check_every < -1 || o->reserved != 0)
        return cnn__mpi_fail(
            CNN_EINVAL,
            "mpi: portions %d, check_every %d, reserved %u, expected at "
            "least 0, at least -1 and 0",
            o->portions, o->check_every, o->reserved);
    if (o->average_every < 0)
        return cnn__mpi_fail(CNN_EINVAL,
                             "mpi: average_every %d, expected at least 0",
                             o->average_every);
    return CNN_OK;
}

/* What all ranks must have alike. */
typedef struct kind {
    uint32_t order; /* of bytes */
    uint32_t pointer, library, headers;
    int32_t portions, check_every, average_every;
    uint32_t flags;
} kind;

static kind kind_of(const cnn_mpi *m)
{
    const uint32_t headers = 10000u * CNN_VERSION_MAJOR +
                             100u * CNN_VERSION_MINOR + CNN_VERSION_PATCH;

    return (kind){0x01020304u,          (uint32_t)sizeof(void *),
                  cnn_version_number(), headers,
                  m->o.portions,        m->o.check_every,
                  m->o.average_every,   m->o.flags};
}

static cnn_status compare(const kind *want, const kind *got)
{
    if (got->order != want->order || got->pointer != want->pointer)
        return cnn__mpi_fail(CNN_EINVAL, "another kind of machine than rank 0");
    if (got->library != want->library || got->headers != want->headers)
        return cnn__mpi_fail(
            CNN_EINVAL, "libcnn %u and libcnn_mpi %u, rank 0 has %u and %u",
            got->library, got->headers, want->library, want->headers);
    if (got->portions != want->portions ||
        got->check_every != want->check_every)
        return cnn__mpi_fail(
            CNN_EINVAL, "portions %d and check_every %d, rank 0 has %d and %d",
            got->portions, got->check_every, want->portions, want->check_every);
    if (got->average_every != want->average_every || got->flags != want->flags)
        return cnn__mpi_fail(
            CNN_EINVAL,
            "average_every %d and flags 0x%x, rank 0 has %d and 0x%x",
            got->average_every, (unsigned)got->flags, want->average_every,
            (unsigned)want->flags);
    return CNN_OK;
}

static cnn_status meet(cnn_mpi *m, const cnn_mpi_options *options)
{
    TRY(cnn__mpi_agree(m, read_options(options, &m->o)));
    const kind mine = kind_of(m);
    kind first = mine;

    TRY(cnn__mpi_spread(m, sizeof(first), &first));
    return cnn__mpi_agree(m, compare(&first, &mine));
}

/* A duplicate, whose errors are returned. */
static cnn_status take_comm(cnn_mpi *m, MPI_Comm comm)
{
    TRY(result(MPI_Comm_dup(comm, &m->comm), "MPI_Comm_dup"));
    TRY(result(MPI_Comm_set_errhandler(m->comm, MPI_ERRORS_RETURN),
               "MPI_Comm_set_errhandler"));
    TRY(result(MPI_Comm_rank(m->comm, &m->rank), "MPI_Comm_rank"));
    return result(MPI_Comm_size(m->comm, &m->size), "MPI_Comm_size");
}

cnn_mpi *cnn_mpi_create(MPI_Comm comm, const cnn_mpi_options *options)
{
    cnn_mpi made = {.comm = MPI_COMM_NULL};
    int level = 0;

    if (check_mpi(&level) != CNN_OK || check_comm(comm) != CNN_OK ||
        take_comm(&made, comm) != CNN_OK)
        return NULL;
    cnn_mpi *m = malloc(sizeof(*m));
    /* Each rank may have got another level: none waits for one that fails. */
    const cnn_status status = m != NULL
                                  ? check_level(level)
                                  : cnn__mpi_fail(CNN_ENOMEM, "mpi_create: no "
                                                              "memory");
    if (cnn__mpi_agree(&made, status) == CNN_OK &&
        meet(&made, options) == CNN_OK) {
        *m = made;
        return m;
    }
    MPI_Comm_free(&made.comm);
    free(m);
    return NULL;
}

void cnn_mpi_free(cnn_mpi *mpi)
{
    int finalized = 0;

    if (mpi == NULL)
        return;
    MPI_Finalized(&finalized);
    if (!finalized)
        MPI_Comm_free(&mpi->comm);
    free(mpi);
}

int32_t cnn_mpi_rank(const cnn_mpi *mpi)
{
    return mpi != NULL ? mpi->rank : 0;
}

int32_t cnn_mpi_size(const cnn_mpi *mpi)
{
    return mpi != NULL ? mpi->size : 0;
}

cnn_trainer *cnn_mpi_trainer_create(cnn_mpi *mpi, cnn_net *net,
                                    cnn_optim *optim,
                                    const cnn_dataset *dataset,
                                    const cnn_trainer_options *options)
{
    if (mpi == NULL) {
        cnn__mpi_fail(CNN_EINVAL, "mpi_trainer_create: mpi is NULL");
        return NULL;
    }
    const cnn_ranks ranks = {.struct_size = sizeof(ranks),
                             .rank = mpi->rank,
                             .size = mpi->size,
                             .portions = mpi->o.portions,
                             .check_every = mpi->o.check_every,
                             .exchange = exchange,
                             .sum = cnn__mpi_sum,
                             .spread = cnn__mpi_spread,
                             .user = mpi,
                             .average_every = mpi->o.average_every,
                             .flags = mpi->o.flags};

    return cnn_trainer_create_ranks(net, optim, dataset, &ranks, options);
}
