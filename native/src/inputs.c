#include "inputs.h"

int lf_input_init(lf_input *in, const void *elements, int bytes, ptrdiff_t stride)
{
    if (!elements)
        return LF_ERROR_ARGUMENT;
    *in = (lf_input){.elements = elements, .bytes = bytes, .stride = stride};
    lf_load(elements, bytes, 0, 0, &in->repeated, 1);
    return LF_OK;
}

void lf_input_load(const lf_input *in, size_t begin, uint64_t *block, size_t n)
{
    if (in->stride != 0)
        lf_load(in->elements, in->bytes, in->stride, begin, block, n);
    else
        for (size_t i = 0; i < n; i++)
            block[i] = in->repeated;
}
