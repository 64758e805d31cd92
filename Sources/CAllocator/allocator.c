#include "CAllocator.h"

// Before the question for the library, which this header answers.
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

void nightshift_allocator_keep_little(void) {
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

void nightshift_allocator_give_back(void) { malloc_trim(0); }
#else
void nightshift_allocator_keep_little(void) {}
void nightshift_allocator_give_back(void) {}
#endif
