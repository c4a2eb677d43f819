/* utf16_marks: which characters belong to the one before them. Pure. */
#ifndef GONG_AGENT_TELL_UTF16_MARKS_H
#define GONG_AGENT_TELL_UTF16_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* gong_utf16_is_mark: combining marks, joiners, skin tones, tags. */
bool gong_utf16_is_mark(uint32_t character);

#endif
