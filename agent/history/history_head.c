#include "agent/history/history_head.h"
