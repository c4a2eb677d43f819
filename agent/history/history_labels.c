#include "agent/history/history_labels.h"
