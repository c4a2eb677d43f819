#include "agent/history/history_file.h"
