#include "agent/look/clock_metrics.h"

#define NAME "gong_agent_clock_ahead_seconds"

static double
ahead_s(struct gong_journal *journal)
{
    return (double)gong_journal_ahead_ms(journal) / 1000;
}

void
gong_clock_metrics_write_prometheus(struct gong_journal *journal, FILE *out)
{
    (void)fprintf(out,
                  "# HELP " NAME " Journal time less the wall clock, seconds.\n"
                  "# TYPE " NAME " gauge\n" NAME " %.3f\n",
                  ahead_s(journal));
}

void
gong_clock_metrics_write_lines(struct gong_journal *journal, FILE *out)
{
    (void)fprintf(out, NAME " value=%.3f\n", ahead_s(journal));
}
