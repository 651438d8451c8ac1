#include "lowfloat.h"
#include "records.h"
