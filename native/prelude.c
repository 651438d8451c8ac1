#include "lowfloat.h"
