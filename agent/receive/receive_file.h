/*
 * receive_file: the whole receive state on disk, so that a start reads only the
 * journal that came after it, and what retention took away is still known.
 *
 *   STATE/receive, little endian:
 *    0 u32 magic "GRCV"          40 u64 from: what has to be read again
 *    4 u32 version 1             48 u64 through: the journal's end when saved
 *    8 u8[16] journal id         56 u64 devices
 *   24 u32 journal generation    64 u64[13] counts of forgotten epochs
 *   28 u32 0                    168 devices
 *   32 u64 bytes in all             u32 CRC-32C of devices, u32 of the head
 *
 *   device: u8 site length, u8 device length, u8 epochs, u8 0, names, epochs,
 *           newest first
 *   epoch:  u64 epoch, low, position, cum, base, highest, expected, goodbye,
 *           lost points; i64 highest ms, until ms; u64[13] counts;
 *           u8 ranges, gaps, closed, told; ranges and gaps of two u64 each;
 *           told of u64 first, last, points, samples, reason
 *
 * It never holds a batch whose record a power cut could take: it is written
 * under another name while devices are visited, and takes its own once the
 * journal is durable up to through. So whatever was applied while it was
 * written is in it or behind from, and what is in both is told apart by each
 * epoch's position: no state is taken while records are in memory, since these
 * are applied after later ones. One of another journal, or of a tail that was
 * cut since, is ignored, and the whole journal is learnt.
 */
#ifndef GONG_AGENT_RECEIVE_RECEIVE_FILE_H
#define GONG_AGENT_RECEIVE_RECEIVE_FILE_H

#include <stdint.h>

#include "agent/receive/receive.h"
#include "common/err.h"
#include "common/spool.h"
#include "common/spool_format.h"
#include "common/str.h"

/* Where in the journal a saved state stands. */
struct gong_receive_place {
    uint8_t journal_id[16];
    uint32_t generation;
    uint64_t from;
    uint64_t through;
};

struct gong_receive_writer;

/* gong_receive_save_begin: the file to be, under path.part; place is where the
 * journal stands: from is gong_receive_known of its durable mark, taken before.
 * step writes some devices more; *more says whether it has to be called again.
 * end syncs it, adds through, and puts it in place: call it once the journal is
 * durable up to through. abandon instead of end. Blocks on the disk. */
enum gong_err
gong_receive_save_begin(struct gong_receive *receive, const char *path,
                        const struct gong_receive_place *place,
                        struct gong_receive_writer **out) GONG_MUST_CHECK;
enum gong_err gong_receive_save_step(struct gong_receive_writer *writer,
                                     bool *more) GONG_MUST_CHECK;
enum gong_err gong_receive_save_end(struct gong_receive_writer *writer,
                                    uint64_t through) GONG_MUST_CHECK;
void gong_receive_save_abandon(struct gong_receive_writer *writer);

/* gong_receive_load: fills an empty receive from path if it fits the journal;
 * *from is the offset from which records have to be learnt: 0 where nothing
 * was loaded, and the log says why. */
void gong_receive_load(struct gong_receive *receive, const char *path,
                       struct gong_spool *journal, uint64_t *from);
/* gong_receive_peek: the same without a journal that is open, only what its
 * log.meta says: for looking at the state of an agent that does not run; that
 * the journal reaches up to through is left to the caller. *why is static text:
 * "" where there is no file (NOT_FOUND); else IO, CORRUPT, or INVALID where it
 * is not of this journal, and receive holds nothing. */
enum gong_err gong_receive_peek(struct gong_receive *receive, const char *path,
                                const struct gong_spool_meta *journal,
                                struct gong_receive_place *out,
                                const char **why) GONG_MUST_CHECK;

/* gong_receive_decode: the file's bytes into an empty receive; on failure it
 * holds nothing. *why says what is wrong. Hostile bytes are safe. */
enum gong_err gong_receive_decode(struct gong_receive *receive,
                                  struct gong_str bytes,
                                  struct gong_receive_place *out,
                                  const char **why) GONG_MUST_CHECK;

#endif
