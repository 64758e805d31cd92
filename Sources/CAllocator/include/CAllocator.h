#pragma once

/// Tells the C library to keep little of what is freed, in each of its arenas. For the beginning of a program.
///
/// It raises its bounds by itself otherwise, up to 64 MiB, once something large was freed: the hash of one password
/// (scrypt, 32 MiB) is enough.
void nightshift_allocator_keep_little(void);

/// Gives memory that was freed back to the system, where the C library would keep it.
void nightshift_allocator_give_back(void);
