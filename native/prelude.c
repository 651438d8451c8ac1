#include "cases.h"
#include "lowfloat.h"
#include "records.h"
