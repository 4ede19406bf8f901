#ifndef DYNAPI_CLOCK_H
#define DYNAPI_CLOCK_H

#include <stdint.h>

int64_t clock_mono_us(void); /* CLOCK_MONOTONIC: for durations */
int64_t clock_real_s(void);  /* CLOCK_REALTIME: for tokens */

#endif
