#include "lowfloat.h"
#include "records.h"
#include "cases.h"
