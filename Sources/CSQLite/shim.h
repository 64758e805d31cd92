#pragma once
#include <sqlite3.h>

// `SQLITE_TRANSIENT` is a cast, which Swift does not import, and `sqlite3_config` is variadic.

static inline int nightshift_bind_text(sqlite3_stmt *statement, int index, const void *bytes, int count) {
  return sqlite3_bind_text(statement, index, (const char *)bytes, count, SQLITE_TRANSIENT);
}

static inline int nightshift_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
  return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

static inline void nightshift_result_text(sqlite3_context *context, const void *bytes, int count) {
  sqlite3_result_text(context, (const char *)bytes, count, SQLITE_TRANSIENT);
}

/// The caller keeps `bytes` alive and unchanged until the statement is reset: saves the copy on the hot path.
static inline int nightshift_bind_borrowed_blob(
    sqlite3_stmt *statement, int index, const void *bytes, int count) {
  return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_STATIC);
}

/// Turns off SQLite's memory statistics, which cost a mutex for each allocation. Before the first open only.
static inline int nightshift_sqlite_disable_memory_statistics(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
