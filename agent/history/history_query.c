#include "agent/history/history_query.h"
