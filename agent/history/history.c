#include "agent/history/history.h"
