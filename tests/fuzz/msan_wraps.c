/* zlib and jansson are not instrumented, and some calls of newer C libraries
 * are not known to MemorySanitizer: it does not see what they write. Linked
 * with
 * --wrap, these tell it. */
#include <jansson.h>
#include <sanitizer/msan_interface.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <zlib.h>

int __real_fstat64(int fd, struct stat *info);
int __wrap_fstat64(int fd, struct stat *info);
int __real_stat64(const char *path, struct stat *info);
int __wrap_stat64(const char *path, struct stat *info);
int __real_lstat64(const char *path, struct stat *info);
int __wrap_lstat64(const char *path, struct stat *info);
int __real_inflate(z_streamp s, int flush);
int __wrap_inflate(z_streamp s, int flush);
int __real_deflate(z_streamp s, int flush);
int __wrap_deflate(z_streamp s, int flush);
size_t __real_json_dumpb(const json_t *json, char *buffer, size_t size,
                         size_t flags);
size_t __wrap_json_dumpb(const json_t *json, char *buffer, size_t size,
                         size_t flags);
int __wrap_json_unpack(json_t *json, const char *format, ...);
int __real_json_equal(const json_t *one, const json_t *other);
int __wrap_json_equal(const json_t *one, const json_t *other);
json_t *__real_json_loadb(const char *buffer, size_t size, size_t flags,
                          json_error_t *error);
json_t *__wrap_json_loadb(const char *buffer, size_t size, size_t flags,
                          json_error_t *error);
json_t *__real_json_object_get(const json_t *object, const char *key);
json_t *__wrap_json_object_get(const json_t *object, const char *key);
int __real_json_object_set_new_nocheck(json_t *object, const char *key,
                                       json_t *value);
int __wrap_json_object_set_new_nocheck(json_t *object, const char *key,
                                       json_t *value);

int __wrap_fstat64(int fd, struct stat *info)
{
    const int bad = __real_fstat64(fd, info);

    __msan_unpoison(info, sizeof(*info));
    return bad;
}

int __wrap_stat64(const char *path, struct stat *info)
{
    const int bad = __real_stat64(path, info);

    __msan_unpoison(info, sizeof(*info));
    return bad;
}

int __wrap_lstat64(const char *path, struct stat *info)
{
    const int bad = __real_lstat64(path, info);

    __msan_unpoison(info, sizeof(*info));
    return bad;
}

/* One of the two of zlib. */
static int run(int (*zlib)(z_streamp, int), z_streamp s, int flush)
{
    unsigned char *from = s->next_out;
    const int code = zlib(s, flush);

    __msan_unpoison(s, sizeof(*s));
    __msan_unpoison(from, (size_t)(s->next_out - from));
    return code;
}

int __wrap_inflate(z_streamp s, int flush)
{
    return run(__real_inflate, s, flush);
}

int __wrap_deflate(z_streamp s, int flush)
{
    return run(__real_deflate, s, flush);
}

size_t __wrap_json_dumpb(const json_t *json, char *buffer, size_t size,
                         size_t flags)
{
    const size_t length = __real_json_dumpb(json, buffer, size, flags);

    if (buffer != NULL)
        __msan_unpoison(buffer, length < size ? length : size);
    return length;
}

/* jansson compares by strcmp() what it has written itself: an empty key, the
 * text of a word that is none. */
json_t *__wrap_json_loadb(const char *buffer, size_t size, size_t flags,
                          json_error_t *error)
{
    __msan_scoped_disable_interceptor_checks();
    json_t *json = __real_json_loadb(buffer, size, flags, error);
    __msan_scoped_enable_interceptor_checks();
    return json;
}

int __wrap_json_equal(const json_t *one, const json_t *other)
{
    __msan_scoped_disable_interceptor_checks();
    const int equal = __real_json_equal(one, other);
    __msan_scoped_enable_interceptor_checks();
    return equal;
}

json_t *__wrap_json_object_get(const json_t *object, const char *key)
{
    __msan_scoped_disable_interceptor_checks();
    json_t *value = __real_json_object_get(object, key);
    __msan_scoped_enable_interceptor_checks();
    return value;
}

int __wrap_json_object_set_new_nocheck(json_t *object, const char *key,
                                       json_t *value)
{
    __msan_scoped_disable_interceptor_checks();
    const int bad = __real_json_object_set_new_nocheck(object, key, value);
    __msan_scoped_enable_interceptor_checks();
    return bad;
}

/* Of the formats that libcnn uses: keys are "s:", what is written is s, o, i, I
 * or F. */
static void unpoison(const char *format, va_list args)
{
    for (; *format != '\0'; format++) {
        const size_t size = *format == 'i'   ? sizeof(int)
                            : *format == 'I' ? sizeof(json_int_t)
                            : *format == 'F' ? sizeof(double)
                            : *format == 's' || *format == 'o' ? sizeof(void *)
                                                               : 0;

        if (size == 0)
            continue;
        void *to = va_arg(args, void *);
        if (format[0] != 's' || format[1] != ':')
            __msan_unpoison(to, size);
    }
}

int __wrap_json_unpack(json_t *json, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    const int bad = json_vunpack_ex(json, NULL, 0, format, args);
    if (bad == 0)
        unpoison(format, again);
    va_end(again);
    va_end(args);
    return bad;
}
