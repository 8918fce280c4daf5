#include "matte/solver_rows_kernel.h"

const cc_solver_rows cc_solver_rows_avx2 = {multiply_run, forward_run, backward_run};
