#include "operations.h"

/* Rule S-1: within one signed format only the sign bit moves, and a NaN's only where NaNs have one.
 */
lf_coded lf_with_sign(const lf_target *t, const lf_layout *from, bool same, uint64_t code,
                      bool sign, uint64_t random)
{
    lf_value x = lf_unpack(from, false, code);
    if (same && from->is_signed) {
        if (x.kind == LF_NAN && from->nan != LF_NAN_IEEE && from->nan != LF_NAN_ALL_ONES)
            return (lf_coded){code, 0};
        uint64_t magnitude = x.kind == LF_ZERO ? 0 : code & from->magnitude_mask;
        bool minus = sign && (magnitude || from->negative_zero);
        return (lf_coded){magnitude | (minus ? from->sign_mask : 0), 0};
    }
    x.sign = sign;
    return x.kind == LF_NAN ? lf_nan_operands(t, &x, 1) : lf_project(t, &x, random);
}

/* Rule S-2, for a value that is not NaN. */
static uint64_t next_code(const lf_layout *f, uint64_t a, const lf_value *x, bool down)
{
    uint64_t code = a & f->magnitude_mask;
    if (x->kind == LF_ZERO)
        return down && !f->is_signed ? a : f->min_positive_code | (down ? f->sign_mask : 0);
    if (x->sign == down) {
        bool outermost = x->kind == LF_INFINITE ||
                         (code == f->max_finite_code && f->infinity_code == LF_NO_CODE);
        code += !outermost;
    } else if (code > f->min_positive_code) {
        code--;
    } else if (f->zero) {
        return x->sign && f->negative_zero ? f->sign_mask : 0;
    }
    return code | (x->sign ? f->sign_mask : 0);
}

lf_coded lf_next(const lf_target *t, uint64_t code, bool down)
{
    lf_value x = lf_unpack(&t->format, false, code);
    if (x.kind == LF_NAN)
        return lf_nan_operands(t, &x, 1);
    return (lf_coded){next_code(&t->format, code, &x, down), 0};
}

lf_coded lf_nextafter(const lf_target *t, const lf_layout *toward, uint64_t a, uint64_t b)
{
    lf_value x = lf_unpack(&t->format, false, a), y = lf_unpack(toward, false, b);
    if (lf_any_nan(&x, &y))
        return lf_nan_operands(t, (lf_value[]){x, y}, 2);
    int order = lf_order(&x, &y);
    if (order == 0)
        return lf_project(t, &y, 0);
    return (lf_coded){next_code(&t->format, a, &x, order > 0), 0};
}
