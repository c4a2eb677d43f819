/* message_builtin: the bytes of deploy/messages, which the build puts in. */
#ifndef GONG_AGENT_TELL_MESSAGE_BUILTIN_H
#define GONG_AGENT_TELL_MESSAGE_BUILTIN_H

#include <stddef.h>

extern const unsigned char gong_message_vi[];
extern const size_t gong_message_vi_size;
extern const unsigned char gong_message_en[];
extern const size_t gong_message_en_size;

#endif
