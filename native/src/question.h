/* Questions about codes: comparisons, the total order, classes (K-1 to K-3). */
#ifndef LF_QUESTION_H
#define LF_QUESTION_H

#include "project.h"

enum lf_question_kind { LF_ASK_RELATION, LF_ASK_TOTAL_ORDER, LF_ASK_CLASS };

typedef struct lf_question {
    lf_layout formats[2];
    int kind;
    int count;    /* operands */
    int relation; /* enum lf_relation */
    bool signaling;
    bool daz;
} lf_question;

/* A truth or a class, and its flags; with one operand b is not looked at. */
lf_coded lf_answer(const lf_question *q, uint64_t a, uint64_t b);

#endif
