/**
 * @file export.h
 * What is visible outside the shared library, and C linkage for C++.
 */
#ifndef CNN_EXPORT_H
#define CNN_EXPORT_H

/** @def CNN_API
 *  Marks what the shared library exports. */
/** @def CNN_BEGIN_DECLS
 *  Begins declarations; in C++ they get C linkage. */
/** @def CNN_END_DECLS
 *  Ends the declarations of #CNN_BEGIN_DECLS. */

#if defined(__GNUC__) || defined(__clang__)
#define CNN_API __attribute__((visibility("default")))
#else
#define CNN_API
#endif

#ifdef __cplusplus
#define CNN_BEGIN_DECLS extern "C" {
#define CNN_END_DECLS   }
#else
#define CNN_BEGIN_DECLS
#define CNN_END_DECLS
#endif

#endif
