#include "tests/faults/effect_line.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

bool
effect_line_print(const json_t *effect)
{
    json_int_t position;
    json_int_t ordinal;
    json_int_t since;
    json_int_t at;
    json_int_t decided = 0;
    const char *rule;
    const char *fingerprint;
    const char *from;
    const char *to;
    const char *reason;
    char *labels;

    /* jansson's unpack takes no const. */
    if (json_unpack((json_t *)(uintptr_t)effect,
                    "{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:{s?:I}}",
                    "position", &position, "ordinal", &ordinal, "rule", &rule,
                    "fingerprint", &fingerprint, "from", &from, "to", &to,
                    "reason", &reason, "since", &since, "at", &at, "stamps",
                    "decided", &decided) != 0) {
        return false;
    }
    labels = json_dumps(json_object_get(effect, "labels"),
                        JSON_COMPACT | JSON_SORT_KEYS);
    if (labels == NULL) {
        return false;
    }
    (void)printf("%lld %lld %s %s %s %s %s %lld %lld %lld %s\n",
                 (long long)position, (long long)ordinal, rule, fingerprint,
                 from, to, reason, (long long)since, (long long)at,
                 (long long)decided, labels);
    free(labels);
    return true;
}
