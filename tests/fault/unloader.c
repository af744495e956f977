/* Loads libcnn, computes with its workers, and unloads it, again and again:
 * neither threads nor handlers of fork() stay behind.
 *
 *     unloader LIBRARY TIMES */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cnn/cnn.h"

enum { UNITS = 1024, BATCH = 16 };

static int complain(const char *what)
{
    fprintf(stderr, "%s\n", what);
    return 1;
}

/* A function of the library, of the type that its header says. */
#define FIND(name)                 \
    __typeof__(name) *find_##name; \
    *(void **)&find_##name = dlsym(library, #name)

static int compute(void *library)
{
    static float x[BATCH * UNITS], y[BATCH * UNITS];
    FIND(cnn_set_num_threads);
    FIND(cnn_net_create);
    FIND(cnn_dense_create);
    FIND(cnn_net_add);
    FIND(cnn_net_build);
    FIND(cnn_net_predict);
    FIND(cnn_net_free);
    cnn_net *net = find_cnn_net_create();
    const cnn_shape in = {UNITS, 1, 1};

    if (find_cnn_set_num_threads(3) != CNN_OK ||
        find_cnn_net_add(net, find_cnn_dense_create(UNITS, NULL)) != CNN_OK ||
        find_cnn_net_build(net, &in, BATCH, 1) != CNN_OK ||
        find_cnn_net_predict(net, BATCH, x, y) != CNN_OK)
        return 1;
    find_cnn_net_free(net);
    return 0;
}

static int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = -2; /* . and .. */

    if (tasks == NULL)
        return -1;
    while (readdir(tasks) != NULL)
        count++;
    closedir(tasks);
    return count;
}

int main(int argc, char **argv)
{
    const long times = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

    for (long i = 0; i < times; i++) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        int status;

        if (library == NULL)
            return complain(dlerror());
        if (compute(library) != 0)
            return complain("it does not compute");
        if (count_threads() < 3) /* OpenBLAS may have some too */
            return complain("there are no workers");
        if (dlclose(library) != 0)
            return complain(dlerror());
        if (dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL)
            return complain("it stays");
        if (count_threads() != 1)
            return complain("threads are left");
        const pid_t child = fork();
        if (child == 0)
            _exit(0);
        if (waitpid(child, &status, 0) != child || status != 0)
            return complain("fork() does not work any more");
    }
    return times > 0 ? 0 : 64;
}
