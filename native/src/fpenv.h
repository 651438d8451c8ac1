/* The SSE control word, for kernels that compute with host floats. */
#ifndef LF_FPENV_H
#define LF_FPENV_H

#include <stdint.h>

/* Sets round to nearest, subnormals kept and exceptions masked; returns what was there. */
uint32_t lf_fpenv_enter(void);
void lf_fpenv_leave(uint32_t saved);

/* After lf_fpenv_enter: rounds in a direction of enum lf_rounding; to nearest unless directed. */
void lf_fpenv_direct(int rounding);

#endif
