#include "agent/history/rollup.h"
