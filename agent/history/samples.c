#include "agent/history/samples.h"
