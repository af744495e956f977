#include "files/json_scan.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

#define MOST_DIGITS 128

bool cnn__json_fail(const cnn__json_cursor *c, const char *what)
{
    cnn__fail(CNN_EFORMAT, "the header is no JSON object: %s at byte %zu", what,
              (size_t)(c->at - c->start));
    return false;
}

bool cnn__json_fail_memory(void)
{
    cnn__fail(CNN_ENOMEM, "no memory for the header of a model file");
    return false;
}

char cnn__json_peek(cnn__json_cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' ||
                              *c->at == '\n' || *c->at == '\r'))
        c->at++;
    return c->at < c->end ? *c->at : '\0';
}

bool cnn__json_take(cnn__json_cursor *c, char wanted)
{
    if (cnn__json_peek(c) != wanted || c->at == c->end)
        return false;
    c->at++;
    return true;
}

bool cnn__json_word(cnn__json_cursor *c, const char *word)
{
    const size_t size = strlen(word);

    if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0)
        return cnn__json_fail(c, "no value");
    c->at += size;
    return true;
}

/* ---------------------------------------------------------- strings --- */

/* Four hexadecimal digits; -1 if they are not. */
static int32_t read_hex(const char *at, const char *end)
{
    int32_t code = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char d = at[i];
        const int value = d >= '0' && d <= '9'   ? d - '0'
                          : d >= 'a' && d <= 'f' ? d - 'a' + 10
                          : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                                 : -1;
        if (value < 0)
            return -1;
        code = code * 16 + value;
    }
    return code;
}

/* The code of four hexadecimal digits, or of a surrogate pair; 0 if it is
 * invalid. */
static uint32_t read_code(cnn__json_cursor *c)
{
    const int32_t high = read_hex(c->at, c->end);

    c->at += high < 0 ? 0 : 4;
    if (high < 0xd800 || high > 0xdfff)
        return high < 0 ? 0 : (uint32_t)high;
    if (high > 0xdbff || c->end - c->at < 6 || c->at[0] != '\\' ||
        c->at[1] != 'u')
        return 0;
    const int32_t low = read_hex(c->at + 2, c->end);
    c->at += 6;
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    return 0x10000u + ((uint32_t)(high - 0xd800) << 10) +
           (uint32_t)(low - 0xdc00);
}

static char *put_code(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (char)((0xff00u >> (more + 1) | code >> (6 * more)) & 0xff);
    for (int i = more - 1; i >= 0; i--)
        *to++ = (char)(0x80 | (code >> (6 * i) & 0x3f));
    return to;
}

/* Reads an escape after its backslash. */
static char *read_escape(cnn__json_cursor *c, char *to)
{
    static const char names[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
    const char name = c->at < c->end ? *c->at++ : '\0';
    const char *known = name != '\0' ? strchr(names, name) : NULL;

    if (known != NULL) {
        *to = codes[known - names];
        return to + 1;
    }
    const uint32_t code = name == 'u' ? read_code(c) : 0;
    return code > 0 ? put_code(to, code) : NULL;
}

/* Reads one character of a string, decoded; NULL if it is invalid. */
static char *read_character(cnn__json_cursor *c, char *to)
{
    const size_t left = (size_t)(c->end - c->at);
    uint32_t code = 0;
    const size_t size = cnn__utf8_read(c->at, left, &code);

    if (size == 0 || code < 0x20)
        return NULL;
    if (code == '\\') {
        c->at++;
        return read_escape(c, to);
    }
    memcpy(to, c->at, size);
    c->at += size;
    return to + size;
}

const char *cnn__json_plain_string(cnn__json_cursor *c, size_t *size)
{
    const char *start = c->at + 1, *at = start;
    uint32_t code = 0;

    while (at < c->end && *at != '"' && *at != '\\') {
        const size_t n = cnn__utf8_read(at, (size_t)(c->end - at), &code);

        if (n == 0 || code < 0x20)
            return NULL;
        at += n;
    }
    if (at >= c->end || *at != '"')
        return NULL;
    c->at = at + 1;
    *size = (size_t)(at - start);
    return start;
}

/* The decoded string is never longer than its text. */
char *cnn__json_string(cnn__json_cursor *c, size_t *size)
{
    const char *closing = c->at + 1;

    if (!cnn__json_take(c, '"')) {
        cnn__json_fail(c, "no string");
        return NULL;
    }
    while (closing < c->end && *closing != '"')
        closing += *closing == '\\' ? 2 : 1;
    if (closing >= c->end) {
        cnn__json_fail(c, "a string without an end");
        return NULL;
    }
    char *text = cnn__alloc((size_t)(closing - c->at) + 1), *to = text;
    if (text == NULL)
        return NULL;
    while (to != NULL && c->at < closing)
        to = read_character(c, to);
    if (to == NULL || c->at != closing) {
        cnn__json_fail(c, "no character of a string");
        cnn__free(text);
        return NULL;
    }
    c->at++;
    *to = '\0';
    *size = (size_t)(to - text);
    return text;
}

/* ---------------------------------------------------------- numbers --- */

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

/* The end of the JSON number that begins at `text`; NULL if it is none. `whole`
 * becomes whether it is an integer. */
static const char *check_number(const char *text, bool *whole)
{
    const char *digits = text + (*text == '-');
    const char *at = skip_digits(digits), *more;

    if (at == digits || (*digits == '0' && at > digits + 1))
        return NULL;
    *whole = *at != '.' && *at != 'e' && *at != 'E';
    if (*at == '.') {
        more = skip_digits(at + 1);
        if (more == at + 1)
            return NULL;
        at = more;
    }
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        more = skip_digits(at);
        if (more == at)
            return NULL;
        at = more;
    }
    return at;
}

/* strtod() expects the decimal point of the locale, which may have several
 * bytes. */
static double read_real(const char *text)
{
    char sample[16], number[MOST_DIGITS + sizeof(sample)];
    const char *point = strchr(text, '.');
    const size_t before = point != NULL ? (size_t)(point - text) : 0;

    if (point == NULL)
        return strtod(text, NULL);
    snprintf(sample, sizeof(sample), "%.1f", 0.0);
    sample[strlen(sample) - 1] = '\0'; /* the zero after the point */
    snprintf(number, sizeof(number), "%.*s%s%s", (int)before, text, sample + 1,
             point + 1);
    return strtod(number, NULL);
}

json_t *cnn__json_number(cnn__json_cursor *c)
{
    char text[MOST_DIGITS] = "";
    bool whole = false;
    size_t size = 0;

    for (const char *at = c->at; at < c->end && size < sizeof(text); at++) {
        if (strchr("+-.0123456789eE", *at) == NULL || *at == '\0')
            break;
        text[size++] = *at;
    }
    const char *end = size < sizeof(text) ? check_number(text, &whole) : NULL;
    if (end != text + size) {
        cnn__json_fail(c, "no value");
        return NULL;
    }
    errno = 0;
    const long long integer = whole ? strtoll(text, NULL, 10) : 0;
    const double real = whole ? 0.0 : read_real(text);
    if ((whole && errno == ERANGE) || !isfinite(real)) {
        cnn__json_fail(c, "a number that is too large");
        return NULL;
    }
    c->at += size;
    json_t *value = whole ? json_integer(integer) : json_real(real);
    if (value == NULL)
        cnn__json_fail_memory();
    return value;
}
