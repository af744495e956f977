/* What programs with loops of their own take from cnn/mpi.h. */
#include <string.h>

#include "cnn/parts.h"
#include "mpi/mpi_impl.h"

/* The arrays of a net, and the elements of all. */
typedef struct arrays {
    int64_t params, tensors, elements;
    uint64_t shapes; /* a hash */
} arrays;

/* An array by its number. */
static cnn_status array_of(cnn_net *net, int32_t index, cnn_tensor *tensor,
                           int64_t *elements)
{
    char name[CNN_MAX_TENSOR_NAME];

    tensor->struct_size = sizeof(*tensor);
    TRY(cnn_net_tensor_name(net, index, name, sizeof(name)));
    TRY(cnn_net_tensor(net, name, tensor));
    *elements = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        *elements *= tensor->dims[i];
    return CNN_OK;
}

/* FNV-1a. */
static uint64_t add_shape(uint64_t hash, const cnn_tensor *tensor)
{
    for (int32_t i = 0; i < tensor->rank; i++)
        hash = (hash ^ (uint64_t)tensor->dims[i]) * 0x100000001b3u;
    return (hash ^ (uint64_t)tensor->rank) * 0x100000001b3u;
}

static cnn_status count_arrays(cnn_net *net, arrays *a)
{
    cnn_tensor tensor;
    int64_t elements;

    memset(a, 0, sizeof(*a));
    if (cnn_net_max_batch(net) == 0)
        return cnn__mpi_fail(CNN_ESTATE, "mpi: the net is NULL or not built");
    a->params = (int64_t)cnn_net_param_count(net);
    a->tensors = cnn_net_tensor_count(net);
    for (int32_t i = 0; i < a->tensors; i++) {
        TRY(array_of(net, i, &tensor, &elements));
        a->elements += elements;
        a->shapes = add_shape(a->shapes, &tensor);
    }
    return CNN_OK;
}

/* Have all ranks a net with such arrays? */
static cnn_status check_nets(cnn_mpi *mpi, cnn_net *net)
{
    arrays mine, first;
    cnn_status status = CNN_OK;

    if (mpi == NULL)
        return cnn__mpi_fail(CNN_EINVAL, "mpi: mpi is NULL");
    TRY(cnn__mpi_agree(mpi, count_arrays(net, &mine)));
    first = mine;
    TRY(cnn__mpi_spread(mpi, sizeof(first), &first));
    if (memcmp(&mine, &first, sizeof(mine)) != 0)
        status = cnn__mpi_fail(
            CNN_ESHAPE,
            "a net of %lld arrays with %lld elements, rank 0 has "
            "%lld with %lld%s",
            (long long)mine.tensors, (long long)mine.elements,
            (long long)first.tensors, (long long)first.elements,
            mine.tensors == first.tensors && mine.elements == first.elements
                ? ", of other shapes or trained otherwise"
                : "");
    return cnn__mpi_agree(mpi, status);
}

cnn_status cnn_mpi_broadcast(cnn_mpi *mpi, cnn_net *net)
{
    cnn_tensor tensor;
    int64_t elements;

    TRY(check_nets(mpi, net));
    const int32_t count = cnn_net_tensor_count(net);
    for (int32_t i = 0; i < count; i++) {
        TRY(array_of(net, i, &tensor, &elements));
        TRY(cnn__mpi_spread(mpi, elements * (int64_t)sizeof(float),
                            tensor.data));
    }
    return CNN_OK;
}

cnn_status cnn_mpi_sum_grads(cnn_mpi *mpi, cnn_net *net)
{
    TRY(check_nets(mpi, net));
    return cnn__mpi_sum(mpi, (int64_t)cnn_net_param_count(net),
                        cnn_net_grads(net));
}
