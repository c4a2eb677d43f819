/*
 * utf16: lengths as chat services count them, in UTF-16 units, and a cut that
 * leaves no half of what a reader sees as one letter:
 *
 *   e + U+0302 + U+0301     ế, written as three characters
 *   man ZWJ woman ZWJ girl  one picture of three
 *   two regional letters    one flag
 *
 * Text is UTF-8; each bad byte counts as one unit, as the U+FFFD that it will
 * become. Pure.
 */
#ifndef GONG_AGENT_TELL_UTF16_H
#define GONG_AGENT_TELL_UTF16_H

#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

/* What a reader sees as one is kept together up to so many characters: what is
 * longer is no text, and may be cut inside. */
#define GONG_UTF16_CLUSTER_MAX 64

/* gong_utf16_character: the character at p, before end, and how many bytes it
 * takes; U+FFFD for a bad byte. */
uint32_t gong_utf16_character(const char *p, const char *end, size_t *len);

/* gong_utf16_units: how many UTF-16 units text has. */
size_t gong_utf16_units(struct gong_str text);

/* gong_utf16_cut: the bytes of the longest beginning of text that has at most
 * so many units and ends between two clusters. */
size_t gong_utf16_cut(struct gong_str text, size_t units);

#endif
