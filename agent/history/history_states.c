#include "agent/history/history_states.h"
