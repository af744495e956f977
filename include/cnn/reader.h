/**
 * @file reader.h
 * Data of any size: datasets whose samples a function of the program reads.
 *
 * Such a dataset goes wherever one goes: it is read, sliced, trained from and
 * evaluated. A trainer reads the next batches in a thread of its own while it
 * computes (`read_ahead`, trainer.h), into memory that it has from the start.
 */
#ifndef CNN_READER_H
#define CNN_READER_H

#include "cnn/dataset.h"
#include "cnn/export.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** Samples that a reader is asked for. What is not wanted is NULL, and so is
 *  what the dataset does not have; the other arrays are to be overwritten as a
 *  whole. They are the reader's until it returns. */
typedef struct cnn_read {
    uint32_t struct_size; /**< how much of it there is; set by libcnn */
    int32_t count;        /**< samples, 1 to 256 */
    int32_t at; /**< 0; where the reader stands in `index` if it fails: the
                     sample that the error then names */
    uint32_t reserved;    /**< 0 */
    const int64_t *index; /**< (count): the number of each sample, from 0 to
                               the dataset's count - 1; one may come twice */
    float *x;             /**< (count, shape): pixels, before `scale` */
    int32_t *labels;      /**< (count), each from 0 to class_count - 1 */
    float *targets;       /**< (count, target_shape), finite */
    float *weights;       /**< (count), each finite and at least 0 */
    char why[160];        /**< "": why it failed, ended by a 0, as one would
                               end an error with it: "no such file" */
} cnn_read;

/**
 * Reads samples. The same number must always give the same sample, or else
 * trainings cannot be repeated.
 *
 * It is called by one thread at a time, never by two for one dataset and its
 * slices; but that may be another thread than the one that made the dataset or
 * is training from it. It may use libcnn, but no object that is in use: not the
 * dataset itself (CNN_ESTATE), nor a net that is being trained.
 *
 * @return 0, or the cnn_status that the call that wanted the samples is to
 *         return, with the text `why`; CNN_EIO if it is no such number
 */
typedef int32_t (*cnn_read_fn)(void *user, cnn_read *rows);

/** Flag in cnn_dataset_reader: the reader gives the weights of samples. */
#define CNN_READS_WEIGHTS 0x2u

/** A function that reads samples, and what they are like. */
typedef struct cnn_dataset_reader {
    uint32_t struct_size;   /**< sizeof(cnn_dataset_reader) */
    uint32_t flags;         /**< CNN_OWN_TARGETS, CNN_READS_WEIGHTS [0] */
    int64_t count;          /**< samples, 0 to INT32_MAX */
    cnn_shape shape;        /**< of an image, each at least 1 */
    cnn_shape target_shape; /**< of a target, each at least 1; all 0 if the
                                 reader gives none */
    int32_t class_count;    /**< above all labels; 0: the reader gives none */
    uint32_t reserved;      /**< 0 */
    uint64_t fingerprint;   /**< what the content is told by: a training resumes
                                 only with the same number. A sum over the names,
                                 sizes and times of files will do [0] */
    cnn_read_fn read;       /**< not NULL */
    void *user;             /**< handed to it */
} cnn_dataset_reader;

/**
 * A dataset over a reader, which must outlive it. The text of a failure is
 * "dataset: the reader failed at sample 17: no such file"; one of what it reads
 * that is not possible names the sample likewise (CNN_EINVAL). Whatever wanted
 * the samples then fails, and can be called again.
 *
 * cnn_dataset_classes() is class_count, of a slice as well.
 * cnn_dataset_fingerprint() does not read: it is over the struct and `options`.
 *
 * @param options  of the images; NULL for all defaults, `scale` 1
 * @return the dataset, or NULL (CNN_EINVAL, CNN_EOVERFLOW, CNN_ENOMEM)
 */
CNN_API cnn_dataset *
cnn_dataset_create_callback(const cnn_dataset_reader *reader,
                            const cnn_dataset_options *options);

CNN_END_DECLS

#endif
