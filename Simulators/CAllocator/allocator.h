// The C library's allocator under the names that remain when somebody else stands before it; declarations only, no logic.
#ifndef CALLOCATOR_H
#define CALLOCATOR_H
#include <stddef.h>

extern void *__libc_malloc(size_t byteCount);
extern void *__libc_calloc(size_t count, size_t byteCount);
extern void *__libc_realloc(void *memory, size_t byteCount);
extern void *__libc_memalign(size_t alignment, size_t byteCount);
extern void __libc_free(void *memory);
extern size_t malloc_usable_size(void *memory);
extern int malloc_trim(size_t keptByteCount);

#endif
