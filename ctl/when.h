/* when: instants and lengths that staff type for silences, maintenance and
 * acknowledgements: what makes no sense is refused with what is allowed, before
 * anything is asked of the agent. */
#ifndef GONG_CTL_WHEN_H
#define GONG_CTL_WHEN_H

#include "ctl/commands.h"

/* gong_ctl_when_until: option's value, an instant to come, at most
 * GONG_CTL_AHEAD_DAYS from now; *out is left alone where the option is not
 * given. GONG_CTL_OK, or GONG_CTL_USAGE after saying why. */
int gong_ctl_when_until(struct gong_ctl *ctl, const char *option, int64_t *out);
/* gong_ctl_when_from: the same, but it may be up to a day ago. */
int gong_ctl_when_from(struct gong_ctl *ctl, const char *option, int64_t *out);
/* gong_ctl_when_length: likewise, a length. */
int gong_ctl_when_length(struct gong_ctl *ctl, const char *option,
                         int64_t *out_ms);

#define GONG_CTL_AHEAD_DAYS 366

#endif
