/* crc32c: CRC-32C (Castagnoli, reflected 0x82f63b78; RFC 3720 appendix B.4). */
#ifndef GONG_COMMON_CRC32C_H
#define GONG_COMMON_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* gong_crc32c: continues from seed (0 to start): crc(a ++ b) ==
 * crc(b, seeded with crc(a)). Pure; any thread. */
uint32_t gong_crc32c(uint32_t seed, const void *data, size_t len);

/* gong_crc32c_portable: the same without the processor's instruction; what
 * gong_crc32c falls back to, and what its test compares it with. */
uint32_t gong_crc32c_portable(uint32_t seed, const void *data, size_t len);

#endif
