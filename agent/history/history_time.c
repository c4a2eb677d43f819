#include "agent/history/history_time.h"
