#include "agent/history/history_source.h"
