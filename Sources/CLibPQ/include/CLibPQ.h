#pragma once
#include <stddef.h>

// What Nightshift uses of PostgreSQL's client library, which is loaded when the first PostgreSQL database is opened. Who
// uses SQLite needs no libpq, neither to build nor to run; and it would bring two dozen libraries (Kerberos, LDAP, GnuTLS)
// into every process. The declarations are those of PostgreSQL 14 and later, and have been the same since each came:
// https://www.postgresql.org/docs/15/libpq.html

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef struct _PQconninfoOption PQconninfoOption;
typedef unsigned int Oid;

typedef struct pgNotify {
  char *relname;
  int be_pid;
  char *extra;
  struct pgNotify *next;
} PGnotify;

typedef enum { CONNECTION_OK, CONNECTION_BAD } ConnStatusType;

typedef enum {
  PGRES_EMPTY_QUERY,
  PGRES_COMMAND_OK,
  PGRES_TUPLES_OK,
  PGRES_COPY_OUT,
  PGRES_COPY_IN,
  PGRES_BAD_RESPONSE,
  PGRES_NONFATAL_ERROR,
  PGRES_FATAL_ERROR,
  PGRES_COPY_BOTH,
  PGRES_SINGLE_TUPLE,
  PGRES_PIPELINE_SYNC,
  PGRES_PIPELINE_ABORTED
} ExecStatusType;

typedef void (*PQnoticeProcessor)(void *argument, const char *message);

/// Loads the library, unless it is loaded. 1 when it is there and has everything; else 0, and why not in `reason`, cut to
/// `size` bytes. Must have returned 1 before any function below is called.
int nightshift_libpq_load(char *reason, size_t size);

// Hidden: should a program link the library itself, its own calls are none of ours.
#pragma GCC visibility push(hidden)
PQconninfoOption *PQconninfoParse(const char *text, char **message);
void PQconninfoFree(PQconninfoOption *options);
void PQfreemem(void *memory);

PGconn *PQconnectdbParams(const char *const *keywords, const char *const *values, int expandDatabase);
void PQfinish(PGconn *connection);
ConnStatusType PQstatus(const PGconn *connection);
char *PQerrorMessage(const PGconn *connection);
const char *PQparameterStatus(const PGconn *connection, const char *name);
int PQbackendPID(const PGconn *connection);
int PQsocket(const PGconn *connection);
int PQsetnonblocking(PGconn *connection, int isNonblocking);
PQnoticeProcessor PQsetNoticeProcessor(PGconn *connection, PQnoticeProcessor processor, void *argument);
PGnotify *PQnotifies(PGconn *connection);

int PQenterPipelineMode(PGconn *connection);
int PQpipelineSync(PGconn *connection);
int PQsendQueryParams(
  PGconn *connection, const char *sql, int count, const Oid *types, const char *const *values, const int *lengths,
  const int *formats, int resultFormat);
int PQflush(PGconn *connection);
int PQconsumeInput(PGconn *connection);
int PQisBusy(PGconn *connection);
PGresult *PQgetResult(PGconn *connection);

ExecStatusType PQresultStatus(const PGresult *result);
char *PQresultErrorMessage(const PGresult *result);
char *PQresultErrorField(const PGresult *result, int field);
int PQntuples(const PGresult *result);
int PQnfields(const PGresult *result);
Oid PQftype(const PGresult *result, int column);
int PQgetisnull(const PGresult *result, int row, int column);
int PQgetlength(const PGresult *result, int row, int column);
char *PQgetvalue(const PGresult *result, int row, int column);
char *PQcmdStatus(PGresult *result);
char *PQcmdTuples(PGresult *result);
void PQclear(PGresult *result);
#pragma GCC visibility pop
