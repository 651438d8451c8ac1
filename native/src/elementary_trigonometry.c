/* Trigonometric functions, their pi forms and their inverses (E-4 to E-6). */
#include <math.h>

#include "elementary.h"
#include "two_over_pi.h"

#define PI 0x1.921fb54442d18p+1

/* An angle without whole turns: quarter turns, 0 to 3, and a rest between -1/4 and 1/4 of a half
 * turn. Not `known` where too many places of pi cancel or are missing. */
typedef struct turned {
    int quarters;
    double rest;
    bool known;
} turned;

/* The 64 places of 2 / pi that follow the first `place`. */
static uint64_t places_of_two_over_pi(int place)
{
    int word = place / 64, shift = place % 64;
    uint64_t high = LF_TWO_OVER_PI[word] << shift;
    return shift ? high | LF_TWO_OVER_PI[word + 1] >> (64 - shift) : high;
}

/* x 2^beyond over pi/2, for |x| in [2^1000, 2^1001) (Payne and Hanek 1983). With x = s 2^(e-63),
 * places of 2/pi up to e - 65 make multiples of four quarter turns; the next 192 leave an error
 * below 2^-126 quarter turns, which 2^-76 of them bear. */
static turned turn_far(double x, int beyond)
{
    turned t = {0, 0, false};
    lf_value v = lf_from_double(x, beyond);
    int first = v.exponent - 65;
    if (first / 64 + 4 > LF_TWO_OVER_PI_WORDS)
        return t;
    uint64_t s = (uint64_t)(v.significand >> 64);
    /* The product modulo 2^192, in steps of 2^-190 quarter turns. */
    lf_u128 low = (lf_u128)s * places_of_two_over_pi(first + 128);
    lf_u128 middle = (lf_u128)s * places_of_two_over_pi(first + 64) + (uint64_t)(low >> 64);
    uint64_t top = s * places_of_two_over_pi(first) + (uint64_t)(middle >> 64);
    lf_u128 fraction = ((lf_u128)top << 64 | (uint64_t)middle) << 2; /* 2^-128 quarter turns */
    bool up = fraction >> 127;
    lf_u128 distance = up ? -fraction : fraction;
    if (distance >> 52 == 0)
        return t;
    int quarters = (int)(top >> 62) + up;
    double rest = ldexp((double)(uint64_t)(distance >> 64), -65);
    rest += ldexp((double)(uint64_t)distance, -129);
    bool negative = x < 0;
    t.quarters = (negative ? -quarters : quarters) & 3;
    t.rest = up != negative ? -rest : rest;
    t.known = true;
    return t;
}

/* The sine of an angle, or the cosine a quarter turn on. */
static double sine_of(turned t)
{
    double y = t.quarters & 1 ? cos(PI * t.rest) : sin(PI * t.rest);
    return t.quarters & 2 ? -y : y;
}

static lf_enclosure far_sine(double x, int beyond, int turn)
{
    turned t = turn_far(x, beyond);
    t.quarters = (t.quarters + turn) & 3;
    return t.known ? lf_below(lf_near(sine_of(t), 0), 1, 0) : lf_unknown();
}

lf_enclosure lf_sin(double x, int beyond)
{
    if (beyond > 0)
        return far_sine(x, beyond, 0);
    return lf_below(lf_below(lf_near(sin(x), beyond), x, beyond), 1, 0);
}

lf_enclosure lf_cos(double x, int beyond)
{
    return beyond > 0 ? far_sine(x, beyond, 1) : lf_below(lf_near(cos(x), 0), 1, 0);
}

static double tangent_of(turned t)
{
    double y = tan(PI * t.rest);
    return t.quarters & 1 ? -1 / y : y;
}

lf_enclosure lf_tan(double x, int beyond)
{
    if (beyond > 0) {
        turned t = turn_far(x, beyond);
        return t.known ? lf_near(tangent_of(t), 0) : lf_unknown();
    }
    lf_enclosure e = lf_near(tan(x), beyond);
    return fabs(x) < 1 ? lf_above(e, x, beyond) : e;
}

/* pi x, exactly. */
static turned turn(double x)
{
    double within = fmod(x, 2);
    double quarters = nearbyint(2 * within);
    return (turned){(int)quarters & 3, within - quarters / 2, true};
}

/* Beyond 2^1000 all numbers are even integers; `rest` is x itself below 2^-1000. */
static lf_enclosure wave(turned t, int beyond, double sign_of_zero)
{
    static const double TURNS[] = {0, 1, 0, -1};
    if (t.rest == 0)
        return lf_exactly(t.quarters & 1 ? TURNS[t.quarters] : copysign(0, sign_of_zero), 0);
    return lf_below(lf_near(sine_of(t), t.quarters & 1 ? 0 : lf_tiny(beyond)), 1, 0);
}

lf_enclosure lf_sinpi(double x, int beyond)
{
    return wave(turn(x), beyond, x);
}

lf_enclosure lf_cospi(double x, int beyond)
{
    turned t = turn(x);
    t.quarters = (t.quarters + 1) & 3;
    return wave(t, beyond, 1);
}

lf_enclosure lf_tanpi(double x, int beyond)
{
    turned t = turn(x);
    bool odd = t.quarters & 1;
    if (t.rest == 0 && odd)
        return lf_pole_of(t.quarters == 3);
    if (t.rest == 0) /* at odd integers the zero has the other sign */
        return lf_exactly(copysign(0, t.quarters ? -x : x), 0);
    if (fabs(t.rest) == 0.25)
        return lf_exactly((t.rest < 0) == odd ? 1 : -1, 0);
    return lf_near(tangent_of(t), odd ? 0 : lf_tiny(beyond));
}

lf_enclosure lf_asin(double x, int beyond)
{
    return lf_above(lf_near(asin(x), beyond), x, beyond);
}

lf_enclosure lf_acos(double x, int beyond)
{
    (void)beyond;
    return x == 1 ? lf_exactly(0, 0) : lf_near(acos(x), 0);
}

lf_enclosure lf_atan(double x, int beyond)
{
    return lf_below(lf_near(atan(x), lf_tiny(beyond)), x, beyond);
}

lf_enclosure lf_asinpi(double x, int beyond)
{
    return fabs(x) == 1 ? lf_exactly(copysign(0.5, x), 0) : lf_near(asin(x) / PI, beyond);
}

lf_enclosure lf_acospi(double x, int beyond)
{
    (void)beyond;
    if (fabs(x) == 1)
        return lf_exactly(x < 0, 0);
    lf_enclosure e = lf_near(acos(x) / PI, 0);
    return x > 0 ? lf_below(e, 0.5, 0) : lf_above(e, 0.5, 0);
}

lf_enclosure lf_atanpi(double x, int beyond)
{
    if (fabs(x) == 1)
        return lf_exactly(copysign(0.25, x), 0);
    return lf_below(lf_near(atan(x) / PI, lf_tiny(beyond)), 0.5, 0);
}

/* The magnitude of a rational angle over pi, -1 for the others (E-6). */
static double round_angle(const lf_value *y, const lf_value *x)
{
    if (y->kind == LF_ZERO || (x->kind == LF_INFINITE && y->kind != LF_INFINITE))
        return x->sign;
    if (x->kind == LF_ZERO || (y->kind == LF_INFINITE && x->kind != LF_INFINITE))
        return 0.5;
    if (lf_magnitude_order(y, x) == 0)
        return x->sign ? 0.75 : 0.25;
    return -1;
}

/* A magnitude as a double of exponent 0 or, with the given one, 2^exponent. */
static double scaled(const lf_value *v, int exponent)
{
    return ldexp((double)(uint64_t)(v->significand >> 64), exponent - 63);
}

/* The angle of a point that is not on an axis or a diagonal, over 1 or pi. Only the quotient
 * matters; below 2^-900 it is the angle, and beyond 2^900 a right angle is within the error. */
static lf_enclosure angle(const lf_value *y, const lf_value *x, bool over_pi)
{
    int apart = y->exponent - x->exponent;
    int kept = apart < -900 ? -900 : apart > 900 ? 900 : apart;
    double b = scaled(y, kept), a = scaled(x, 0);
    double size = atan2(b, x->sign ? -a : a);
    double over = over_pi ? size / PI : size, sign = y->sign ? -1 : 1;
    int shift = x->sign ? 0 : lf_tiny(apart - kept);
    lf_enclosure e = lf_near(sign * over, shift);
    if (over_pi)
        return x->sign ? lf_above(lf_below(e, 1, 0), 0.5, 0) : lf_below(e, 0.5, 0);
    /* atan(q) < q, where q is a double: products of two numbers of 26 bits are exact. */
    double q = b / a;
    bool exact = lf_upper_half(q) == q && lf_upper_half(a) == a && q * a == b;
    return !x->sign && exact ? lf_below(e, q, shift) : e;
}

lf_enclosure lf_atan2(const lf_value *y, const lf_value *x, bool over_pi)
{
    double turns = round_angle(y, x);
    if (turns < 0)
        return angle(y, x, over_pi);
    double over = y->sign ? -turns : turns;
    return over_pi || turns == 0 ? lf_exactly(over, 0) : lf_near(PI * over, 0);
}
