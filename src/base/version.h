#ifndef DYNAPI_VERSION_H
#define DYNAPI_VERSION_H

/* the number of the last migration in sql/: what dynapi.meta.version must be */
#define DYNAPI_SCHEMA_VERSION 9

#endif
