#include "support/origin.h"

#include "data/augment.h"

void move(const cnn_augment_options *o, uint64_t seed, float paper,
          float *image)
{
    const cnn_shape shape = {1, H, W};
    float scratch[4 * PLANE];
    cnn_augment_options sized = *o, read;
    cnn__random random;
    bool any;

    sized.struct_size = sizeof(sized);
    assert_int_equal(cnn__augment_read(&read, &sized, &any), CNN_OK);
    assert_int_equal(cnn__augment_scratch(&shape), 4 * PLANE);
    cnn__random_start(&random, seed, CNN__RANDOM_AUGMENT, MOVE_STEP,
                      MOVE_SAMPLE);
    cnn__augment(&read, &shape, &random, &paper, scratch, image);
}

/* Two images that say where a pixel came from: their values are its row, and
 * its column. */
void trace(const cnn_augment_options *o, uint64_t seed, origin *from)
{
    for (int i = 0; i < PLANE; i++) {
        from->row[i] = (float)(i / W);
        from->col[i] = (float)(i % W);
    }
    move(o, seed, -1e6f, from->row);
    move(o, seed, -1e6f, from->col);
}

affine read_affine(const origin *from)
{
    const int at = H / 2 * W + W / 2, far = 4; /* pixels between */
    const double row = (double)from->row[at], col = (double)from->col[at];
    const double y = H / 2 - (H - 1) / 2.0, x = W / 2 - (W - 1) / 2.0;
    affine m = {
        .a = ((double)from->row[at + far * W] - row) / far,
        .b = ((double)from->row[at + far] - row) / far,
        .c = ((double)from->col[at + far * W] - col) / far,
        .d = ((double)from->col[at + far] - col) / far,
    };

    m.shift_row = row - (m.a * y + m.b * x) - (H - 1) / 2.0;
    m.shift_col = col - (m.c * y + m.d * x) - (W - 1) / 2.0;
    return m;
}
