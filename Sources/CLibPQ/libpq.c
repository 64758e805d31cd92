#include "CLibPQ.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// Each function with its type, its parameters and how they are handed on.
#define FUNCTIONS(F) \
  F(PQconninfoOption *, PQconninfoParse, (const char *text, char **message), (text, message)) \
  F(void, PQconninfoFree, (PQconninfoOption * options), (options)) \
  F(void, PQfreemem, (void *memory), (memory)) \
  F(PGconn *, PQconnectdbParams, (const char *const *keywords, const char *const *values, int expandDatabase), \
    (keywords, values, expandDatabase)) \
  F(void, PQfinish, (PGconn * connection), (connection)) \
  F(ConnStatusType, PQstatus, (const PGconn *connection), (connection)) \
  F(char *, PQerrorMessage, (const PGconn *connection), (connection)) \
  F(const char *, PQparameterStatus, (const PGconn *connection, const char *name), (connection, name)) \
  F(int, PQbackendPID, (const PGconn *connection), (connection)) \
  F(int, PQsocket, (const PGconn *connection), (connection)) \
  F(int, PQsetnonblocking, (PGconn * connection, int isNonblocking), (connection, isNonblocking)) \
  F(PQnoticeProcessor, PQsetNoticeProcessor, (PGconn * connection, PQnoticeProcessor processor, void *argument), \
    (connection, processor, argument)) \
  F(PGnotify *, PQnotifies, (PGconn * connection), (connection)) \
  F(int, PQenterPipelineMode, (PGconn * connection), (connection)) \
  F(int, PQpipelineSync, (PGconn * connection), (connection)) \
  F(int, PQsendQueryParams, \
    (PGconn * connection, const char *sql, int count, const Oid *types, const char *const *values, \
     const int *lengths, const int *formats, int resultFormat), \
    (connection, sql, count, types, values, lengths, formats, resultFormat)) \
  F(int, PQflush, (PGconn * connection), (connection)) \
  F(int, PQconsumeInput, (PGconn * connection), (connection)) \
  F(int, PQisBusy, (PGconn * connection), (connection)) \
  F(PGresult *, PQgetResult, (PGconn * connection), (connection)) \
  F(ExecStatusType, PQresultStatus, (const PGresult *result), (result)) \
  F(char *, PQresultErrorMessage, (const PGresult *result), (result)) \
  F(char *, PQresultErrorField, (const PGresult *result, int field), (result, field)) \
  F(int, PQntuples, (const PGresult *result), (result)) \
  F(int, PQnfields, (const PGresult *result), (result)) \
  F(Oid, PQftype, (const PGresult *result, int column), (result, column)) \
  F(int, PQgetisnull, (const PGresult *result, int row, int column), (result, row, column)) \
  F(int, PQgetlength, (const PGresult *result, int row, int column), (result, row, column)) \
  F(char *, PQgetvalue, (const PGresult *result, int row, int column), (result, row, column)) \
  F(char *, PQcmdStatus, (PGresult * result), (result)) \
  F(char *, PQcmdTuples, (PGresult * result), (result)) \
  F(void, PQclear, (PGresult * result), (result))

#define DEFINE(type, name, parameters, arguments) \
  static type(*loaded_##name) parameters; \
  type name parameters { return loaded_##name arguments; }
FUNCTIONS(DEFINE)

#ifdef __APPLE__
static const char *const library_name = "libpq.5.dylib";
#else
static const char *const library_name = "libpq.so.5";
#endif

static int load(char *reason, size_t size) {
  void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *words = dlerror();
    snprintf(reason, size, "%s", words ? words : library_name);
    return 0;
  }
#define FIND(type, name, parameters, arguments) \
  if (!(loaded_##name = (type(*) parameters)dlsym(library, #name))) { \
    snprintf(reason, size, "%s has no %s: it is older than PostgreSQL 14", library_name, #name); \
    dlclose(library); \
    return 0; \
  }
  FUNCTIONS(FIND)
  return 1;
}

int nightshift_libpq_load(char *reason, size_t size) {
  static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
  static int is_loaded;
  pthread_mutex_lock(&guard);
  // After a failure it is looked for anew: somebody may have installed it meanwhile.
  if (!is_loaded) is_loaded = load(reason, size);
  int result = is_loaded;
  pthread_mutex_unlock(&guard);
  return result;
}
