// Result<T> is part of the public face too, so it lives there.
#pragma once

#include "portico/result.h"
