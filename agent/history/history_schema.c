#include "agent/history/history_schema.h"
