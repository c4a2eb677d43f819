#include "agent/history/chunk.h"
