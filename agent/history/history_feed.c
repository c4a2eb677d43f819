#include "agent/history/history_feed.h"
