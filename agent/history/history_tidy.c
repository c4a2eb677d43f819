#include "agent/history/history_tidy.h"
