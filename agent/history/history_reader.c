#include "agent/history/history_reader.h"
