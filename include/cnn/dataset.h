/**
 * @file dataset.h
 * Labelled images: from IDX files or from memory, whole or in slices.
 *
 * A dataset is read-only once made and may be used by several threads at once.
 * Images are stored as they came (one byte or one float a pixel) and turned
 * into x = pixel * scale + offset when they are read; with `mean` and
 * `deviation`, into (x - mean) / deviation of their channel.
 */
#ifndef CNN_DATASET_H
#define CNN_DATASET_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Options of all that make a dataset. Zero means the default in brackets; all
 *  numbers must be finite. */
typedef struct cnn_dataset_options {
    uint32_t struct_size; /**< sizeof(cnn_dataset_options) */
    float scale;          /**< factor [1/255 for bytes, 1 for floats] */
    float offset;         /**< added after it [0] */
    int32_t pad;       /**< rows and columns of pixels of value 0, added at each
                            side of an image when it is read; at least 0 [0] */
    const float *mean; /**< (channel_count): subtracted from what scale and
                            offset give, copied [NULL: 0 each] */
    const float *deviation; /**< (channel_count): then divided by, each above 0,
                                 copied [NULL: 1 each] */
    int32_t channel_count;  /**< the channels of an image, if there is one of
                                 the two [0] */
    uint32_t reserved;      /**< 0 */
} cnn_dataset_options;

/**
 * Reads a pair of IDX files, raw or gzip-compressed (told by their content, not
 * by their names): images as unsigned bytes of 3 dimensions (count, height,
 * width) or 4 (count, channels, height, width), labels as unsigned bytes of
 * one. Files are untrusted input: the dataset takes no more memory than the
 * header announces, and no more than a file of that size can hold.
 *
 * @param images   path of the image file
 * @param labels   path of the label file
 * @param options  NULL for all defaults
 * @return the dataset, to be freed with cnn_dataset_free(), or NULL:
 *         CNN_EIO (missing or unreadable), CNN_EFORMAT (no IDX, damaged, cut
 *         short, too long, counts that differ), CNN_EUNSUPPORTED (another
 *         element type), CNN_EOVERFLOW, CNN_ENOMEM, CNN_EINVAL
 */
CNN_API cnn_dataset *cnn_dataset_load(const char *images, const char *labels,
                                      const cnn_dataset_options *options);

/** As cnn_dataset_load(), from the contents of the two files, copied. Neither
 *  may be NULL (CNN_EINVAL). */
CNN_API cnn_dataset *
cnn_dataset_load_memory(const void *images, size_t images_size,
                        const void *labels, size_t labels_size,
                        const cnn_dataset_options *options);

/**
 * A dataset over arrays of the caller, which are not copied and must outlive
 * it: `count` images of `shape`, and as many labels.
 *
 * @param shape   each at least 1
 * @param count   0 to INT32_MAX; the arrays may be NULL if it is 0
 * @param labels  each from 0 to INT32_MAX - 1
 * @return the dataset, or NULL (CNN_EINVAL, CNN_EOVERFLOW, CNN_ENOMEM)
 */
CNN_API cnn_dataset *cnn_dataset_wrap_u8(const cnn_shape *shape, int64_t count,
                                         const uint8_t *images,
                                         const int32_t *labels,
                                         const cnn_dataset_options *options);
/** As cnn_dataset_wrap_u8(), over one float a pixel. */
CNN_API cnn_dataset *cnn_dataset_wrap_f32(const cnn_shape *shape, int64_t count,
                                          const float *images,
                                          const int32_t *labels,
                                          const cnn_dataset_options *options);

/** Flag in cnn_dataset_source: the target of each image is the image itself,
 *  as it is read, before any augmentation. */
#define CNN_OWN_TARGETS 0x1u

/**
 * The arrays of the caller that a dataset is made over. All but the shape and
 * the images are optional. No array is copied; all must outlive the dataset.
 * batch.h says what targets and weights mean.
 */
typedef struct cnn_dataset_source {
    uint32_t struct_size;   /**< sizeof(cnn_dataset_source) */
    uint32_t flags;         /**< CNN_OWN_TARGETS [0] */
    int64_t count;          /**< samples, 0 to INT32_MAX */
    cnn_shape shape;        /**< of an image, each at least 1 */
    cnn_shape target_shape; /**< of a target, as the net's output; each at least
                                 1 if there are target_bytes or _floats */
    const uint8_t *bytes;   /**< (count, shape): the images as bytes; or NULL */
    const float *floats;   /**< (count, shape): the images as floats; or NULL */
    const int32_t *labels; /**< (count), each from 0 to INT32_MAX - 1 */
    const uint8_t *target_bytes; /**< (count, target_shape): the targets as
                                      bytes; or NULL */
    const float *target_floats;  /**< (count, target_shape): the targets as
                                      floats; or NULL. If there are targets, a
                                      net learns these and not the labels */
    const float *weights; /**< (count): of the samples, at least 0 [1 each] */
    const float *class_weights; /**< (class_count): of the classes. A sample
                                     counts as much as its own weight times the
                                     weight of its class */
    int32_t class_count;        /**< at least the largest label + 1 */
    float target_scale;         /**< of targets, as `scale` of images [1/255 for
                                     bytes, 1 for floats] */
    float target_offset;        /**< added after it [0] */
    uint32_t reserved;          /**< 0 */
} cnn_dataset_source;

/**
 * A dataset over arrays, with labels, targets, weights, or without.
 *
 * @param options  of the images; NULL for all defaults
 * @return the dataset, or NULL (CNN_EINVAL, CNN_EOVERFLOW, CNN_ENOMEM)
 */
CNN_API cnn_dataset *cnn_dataset_create(const cnn_dataset_source *source,
                                        const cnn_dataset_options *options);

/** The samples first .. first + count - 1 of a dataset; a slice of a slice is
 *  fine. Nothing is copied: whoever owns the arrays, a loaded dataset or the
 *  caller, must outlive the slice. NULL if the samples are not all there
 *  (CNN_EINVAL), or CNN_ENOMEM. */
CNN_API cnn_dataset *cnn_dataset_slice(const cnn_dataset *dataset,
                                       int64_t first, int64_t count);

/** Frees a dataset; NULL is fine. */
CNN_API void cnn_dataset_free(cnn_dataset *dataset);

/** Number of samples; 0 if `dataset` is NULL. */
CNN_API int64_t cnn_dataset_count(const cnn_dataset *dataset);

/** The shape of one image. Errors: CNN_EINVAL. */
CNN_API cnn_status cnn_dataset_shape(const cnn_dataset *dataset,
                                     cnn_shape *shape);

/** The largest label + 1, of a slice the largest of its own samples; 0 if there
 *  are no samples or `dataset` is NULL. */
CNN_API int32_t cnn_dataset_classes(const cnn_dataset *dataset);

/** CRC-32 over shape, scaling, labels and pixels: tells data sets apart, and is
 *  the same for the same content, loaded, wrapped or sliced, on any machine.
 *  Computed anew by each call, at about 1 GB/s. 0 if `dataset` is NULL. */
CNN_API uint32_t cnn_dataset_fingerprint(const cnn_dataset *dataset);

/**
 * Reads samples into arrays of the caller.
 *
 * @param count   how many, at least 0; the arrays may be NULL if it is 0
 * @param index   the number of each; NULL for 0, 1, 2, ...
 * @param x       count images as float, overwritten; NULL if not wanted
 * @param labels  count labels, overwritten; NULL if not wanted
 * @return CNN_OK, or CNN_EINVAL and nothing written; CNN_ESTATE if `labels` is
 *         not NULL and the dataset has no labels
 */
CNN_API cnn_status cnn_dataset_read(const cnn_dataset *dataset, int64_t count,
                                    const int64_t *index, float *x,
                                    int32_t *labels);

/**
 * Mean and standard deviation of each channel over the pixels of all samples,
 * as they are read, without the padding: what `mean` and `deviation` of another
 * dataset over the same images may be. Of the images that a net learns from;
 * those that it is tested with are normalised by the same numbers.
 *
 * The deviation divides by the number of pixels, not by one less. One that is
 * 0, of a channel whose pixels are all the same, is given as 1: the channel is
 * then normalised to 0. Sums are of doubles, and in the order of the samples:
 * the same bits with any number of threads. Reads the samples once, a megabyte
 * or one sample at a time.
 *
 * @param channel_count  channels of an image
 * @param mean           (channel_count), overwritten
 * @param deviation      (channel_count), overwritten
 * @return CNN_OK; CNN_EINVAL (also for no samples, and for a pixel that is no
 *         finite number), CNN_ENOMEM, or what a reader returns (reader.h);
 *         nothing is written then
 */
CNN_API cnn_status cnn_dataset_statistics(const cnn_dataset *dataset,
                                          int32_t channel_count, float *mean,
                                          float *deviation);

/** The shape of a target. CNN_EINVAL; CNN_ESTATE if there are none. */
CNN_API cnn_status cnn_dataset_target_shape(const cnn_dataset *dataset,
                                            cnn_shape *shape);

/** Reads the targets of samples, (count, target shape), as cnn_dataset_read()
 *  does. CNN_EINVAL; CNN_ESTATE if there are none. */
CNN_API cnn_status cnn_dataset_read_targets(const cnn_dataset *dataset,
                                            int64_t count, const int64_t *index,
                                            float *targets);

/** Reads the weights of samples, (count): the weight of a sample times the
 *  weight of its class; 1 for weights that are not there. CNN_EINVAL. */
CNN_API cnn_status cnn_dataset_read_weights(const cnn_dataset *dataset,
                                            int64_t count, const int64_t *index,
                                            float *weights);

CNN_END_DECLS

#endif
