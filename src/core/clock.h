/* Time for measuring, never for deciding. */
#ifndef CLEARCUT_CORE_CLOCK_H
#define CLEARCUT_CORE_CLOCK_H

/* Milliseconds of a clock that only goes forward; the origin means nothing. */
double cc_clock_ms(void);

#endif
