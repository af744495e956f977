/* The allocator hook, aligned blocks, and the arena. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "support/near.h"

/* A hook that aligns as badly as it can, and that knows what it gave. */
typedef struct hook {
    size_t given, taken, bytes;
    int shift; /* added to what malloc gives */
    int empty;
} hook;

static void *give(size_t size, void *user)
{
    hook *h = user;
    char *raw;

    if (h->empty || (raw = malloc(size + 64)) == NULL)
        return NULL;
    h->given++;
    h->bytes += size;
    return raw + h->shift;
}

static void take(void *pointer, void *user)
{
    hook *h = user;

    h->taken++;
    free((char *)pointer - h->shift);
}

static void install(hook *h)
{
    assert_int_equal(cnn_set_allocator(&(cnn_allocator){give, take, h}),
                     CNN_OK);
}

static void put_malloc_back(void)
{
    assert_int_equal(cnn_set_allocator(NULL), CNN_OK);
}

/* Aligned whatever the hook gives; writable up to the last byte. */
static void blocks_are_aligned(void **state)
{
    (void)state;
    for (int shift = 0; shift < 64; shift++) {
        hook h = {.shift = shift};

        install(&h);
        for (size_t size = 0; size < 200; size += 33) {
            char *block = cnn__alloc(size);
            assert_non_null(block);
            assert_int_equal((uintptr_t)block % CNN__ALIGNMENT, 0);
            memset(block, 0xff, size);
            cnn__free(block);
        }
        assert_int_equal(h.given, 7);
        assert_int_equal(h.taken, 7);
        put_malloc_back();
    }
}

static void cleared_on_request(void **state)
{
    (void)state;
    /* The second block is likely the first one's memory again. */
    unsigned char *block = cnn__alloc(1000);
    memset(block, 0xff, 1000);
    cnn__free(block);
    block = cnn__alloc_zero(1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(block[i], 0);
    cnn__free(block);
    cnn__free(NULL);
}

static void failures(void **state)
{
    hook h = {.empty = 1};

    (void)state;
    install(&h);
    assert_null(cnn__alloc(1234));
    assert_error(CNN_ENOMEM, "1234 bytes");
    assert_null(cnn__alloc_zero(1234));
    assert_error(CNN_ENOMEM, "1234 bytes");
    assert_null(cnn_dense_create(3, NULL));
    assert_error(CNN_ENOMEM, "no memory");
    h.empty = 0;
    /* What a product that did not fit leaves. */
    assert_null(cnn__alloc(SIZE_MAX));
    assert_error(CNN_EOVERFLOW, "more memory than can be addressed");
    assert_null(cnn__alloc((size_t)PTRDIFF_MAX));
    assert_error(CNN_EOVERFLOW, "more memory than can be addressed");
    assert_null(cnn__alloc_zero(SIZE_MAX - 1));
    assert_error(CNN_EOVERFLOW, "more memory than can be addressed");
    assert_int_equal(h.given, 0);
    put_malloc_back();
}

/* A build that finds no memory changes nothing; the layer can be built then. */
static void failed_build_can_be_repeated(void **state)
{
    hook h = {0};

    (void)state;
    install(&h);
    cnn_layer *layer = cnn_dense_create(3, NULL);
    h.empty = 1;
    assert_failed(cnn_layer_build(layer, &(cnn_shape){4, 1, 1}, 2, 1),
                  CNN_ENOMEM, "no memory");
    assert_int_equal(cnn_layer_param_count(layer), 0);
    assert_null(cnn_layer_params(layer));
    h.empty = 0;
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){4, 1, 1}, 2, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_param_count(layer), 15);
    cnn_layer_free(layer);
    assert_int_equal(h.given, h.taken);
    put_malloc_back();
}

/* All of a layer comes from the hook, and all of it goes back. */
static void everything_goes_through_the_hook(void **state)
{
    hook h = {.shift = 5};

    (void)state;
    install(&h);
    cnn_layer *layer = cnn_conv2d_create(4, 3, 3, NULL);
    assert_int_equal(cnn_conv2d_set_table(layer, 4, 1, (uint8_t[]){1, 1, 1, 1}),
                     CNN_OK);
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){1, 8, 8}, 2, 1),
                     CNN_OK);
    assert_true(h.given >= 3);
    /* Values, gradients and two arrays of an optimiser at least. */
    assert_true(h.bytes >= 4 * 40 * sizeof(float));
    assert_int_equal(h.taken, 0);
    cnn_layer_free(layer);
    assert_int_equal(h.given, h.taken);
    put_malloc_back();
}

static void fixed_while_in_use(void **state)
{
    hook h = {0};

    (void)state;
    void *one = cnn__alloc(1), *two = cnn__alloc(1);
    assert_failed(cnn_set_allocator(&(cnn_allocator){give, take, &h}),
                  CNN_ESTATE, "2 blocks");
    assert_failed(cnn_set_allocator(NULL), CNN_ESTATE, "2 blocks");
    cnn__free(one);
    assert_failed(cnn_set_allocator(NULL), CNN_ESTATE, "1 blocks");
    cnn__free(two);
    assert_failed(cnn_set_allocator(&(cnn_allocator){NULL, take, NULL}),
                  CNN_EINVAL, "NULL");
    assert_failed(cnn_set_allocator(&(cnn_allocator){give, NULL, NULL}),
                  CNN_EINVAL, "NULL");
    /* Nothing of all that took the place of malloc. */
    cnn__free(cnn__alloc(1));
    assert_int_equal(h.given + h.taken, 0);
}

/* The same calls measure, and then deal out what was measured. */
static void arena_deals_out_what_it_measured(void **state)
{
    cnn__arena arena = {0};
    float *a = NULL, *b = NULL;
    char *c = NULL;

    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        a = cnn__arena_floats(&arena, 3);
        assert_null(cnn__arena_floats(&arena, 0));
        b = cnn__arena_floats(&arena, 16);
        c = cnn__arena_take(&arena, 65, 1);
        assert_int_equal(arena.used, 64 + 64 + 128);
        if (pass == 1)
            break;
        assert_true(a == NULL && b == NULL && c == NULL);
        arena = (cnn__arena){.base = cnn__alloc(arena.used)};
    }
    assert_ptr_equal(a, arena.base);
    assert_ptr_equal(b, arena.base + 64);
    assert_ptr_equal(c, arena.base + 128);
    cnn__free(arena.base);
}

/* What does not fit sticks at SIZE_MAX, which no allocation takes. */
static void arena_does_not_wrap(void **state)
{
    cnn__arena arena = {0};

    (void)state;
    cnn__arena_take(&arena, 100, 1);
    cnn__arena_take(&arena, SIZE_MAX / 2, 3);
    assert_int_equal(arena.used, SIZE_MAX);
    cnn__arena_floats(&arena, 100);
    assert_int_equal(arena.used, SIZE_MAX);
    arena.used = 0;
    cnn__arena_take(&arena, SIZE_MAX - 1, 1); /* rounded up */
    assert_int_equal(arena.used, SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned),
        cmocka_unit_test(cleared_on_request),
        cmocka_unit_test(failures),
        cmocka_unit_test(failed_build_can_be_repeated),
        cmocka_unit_test(everything_goes_through_the_hook),
        cmocka_unit_test(fixed_while_in_use),
        cmocka_unit_test(arena_deals_out_what_it_measured),
        cmocka_unit_test(arena_does_not_wrap),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
