/* Checkpoints of several ranks: written and read by rank 0. */
#include "files/checkpoint.h"

#include "base/file.h"
#include "base/memory.h"

/* Where ranks take steps by themselves, a file is of their average, and all go
 * on from that, as one does that is resumed. */
cnn_status cnn__checkpoint_save_all(const cnn_trainer *t, const char *path)
{
    cnn__ranks *r = t->ranks;
    cnn__head head = {.call = CNN__CALL_SAVE};

    CNN__TRY(cnn__ranks_meet(r, t, head)); /* before the file is replaced */
    CNN__TRY(cnn__ranks_together(t, CNN__CALL_SAVE));
    if (r->o.rank == 0)
        head.status = cnn__checkpoint_save(t, path);
    return cnn__ranks_meet(r, t, head);
}

/* What rank 0 has read, for all ranks. The block is the caller's, also after a
 * failure. */
static cnn_status spread(cnn__ranks *r, cnn_status status, void **data,
                         size_t *size)
{
    cnn__head head = {
        .call = CNN__CALL_READ, .status = status, .amount = (int64_t)*size};

    CNN__TRY(cnn__ranks_meet(r, NULL, head));
    *size = (size_t)cnn__ranks_head(r, 0)->amount;
    if (*data == NULL)
        *data = cnn__alloc(*size);
    if (*data == NULL)
        head.status = cnn_last_status();
    CNN__TRY(cnn__ranks_meet(r, NULL, head));
    return cnn__ranks_spread(r, *size, *data);
}

cnn_status cnn__checkpoint_resume_all(cnn_trainer *t, const char *path)
{
    cnn__ranks *r = t->ranks;
    void *data = NULL;
    size_t size = 0;
    cnn_status status = CNN_OK;

    if (r->o.rank == 0) /* others need not know where it is */
        status = path != NULL
                     ? cnn__file_read(path, &data, &size)
                     : cnn__fail(CNN_EINVAL, "trainer_resume: path is NULL");
    status = spread(r, status, &data, &size);
    if (status == CNN_OK)
        status = cnn__checkpoint_resume(t, path, data, size);
    if (status == CNN_OK) {
        cnn__ranks_alike(t);
        status = cnn__ranks_meet(r, t, (cnn__head){.call = CNN__CALL_RESUME});
    }
    cnn__free(data);
    return status;
}
