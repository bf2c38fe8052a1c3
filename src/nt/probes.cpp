#include "nt/probes.h"

namespace portico::nt {
constinit Probes probes;
}
