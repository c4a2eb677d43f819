/* The shapes of answers as Prometheus gives them. */
#include "agent/api/api_schema.h"
#include "agent/api/api_schema_private.h"

#define STATUS                                                                 \
    {                                                                          \
        "status", GONG_API_STRING, YES, NO, 0, NULL, NULL, "success"           \
    }
#define WARNINGS                                                               \
    {                                                                          \
        "warnings", GONG_API_ARRAY, NO, NO, 0, NULL, NULL,                     \
            "What is to be known beside it."                                   \
    }

const struct gong_api_schema gong_api_form_body = {"Form", NULL, 0};

static const struct gong_api_field error_fields[] = {
    {"status", GONG_API_STRING, YES, NO, 0, NULL, NULL, "error"},
    {"errorType", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "bad_data, execution, timeout, canceled, internal or unavailable."},
    {"error", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
};
SCHEMA(gong_api_prom_error_answer, "PrometheusError", error_fields);

static const char *const types[] = {"scalar", "string", "vector", "matrix",
                                    NULL};

static const struct gong_api_field query_data_fields[] = {
    {"resultType", GONG_API_STRING, YES, NO, 0, NULL, types, ""},
    {"result", GONG_API_ANY, YES, NO, 0, NULL, NULL, "As Prometheus has it."},
};
static SCHEMA(query_data_part, "QueryData", query_data_fields);

static const struct gong_api_field query_fields[] = {
    STATUS,
    {"data", GONG_API_OBJECT, YES, NO, 0, &query_data_part, NULL, ""},
    WARNINGS,
};
SCHEMA(gong_api_prom_query_answer, "PrometheusQuery", query_fields);

static const struct gong_api_field series_fields[] = {
    STATUS,
    {"data", GONG_API_ANY, YES, NO, 0, NULL, NULL, "A list of label sets."},
    WARNINGS,
};
SCHEMA(gong_api_prom_series_answer, "PrometheusSeries", series_fields);

static const struct gong_api_field texts_fields[] = {
    STATUS,
    {"data", GONG_API_ARRAY, YES, NO, 0, NULL, NULL, ""},
    WARNINGS,
};
SCHEMA(gong_api_prom_texts_answer, "PrometheusTexts", texts_fields);

static const struct gong_api_field metadata_fields[] = {
    STATUS,
    {"data", GONG_API_ANY, YES, NO, 0, NULL, NULL,
     "By metric: a list of one {type, help, unit}."},
    WARNINGS,
};
SCHEMA(gong_api_prom_metadata_answer, "PrometheusMetadata", metadata_fields);

static const struct gong_api_field build_fields[] = {
    {"version", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "Of the Prometheus whose API and PromQL these are."},
    {"revision", GONG_API_STRING, YES, NO, 0, NULL, NULL,
     "The agent and its version."},
    {"branch", GONG_API_STRING, YES, NO, 0, NULL, NULL, "gong"},
    {"buildUser", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"buildDate", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
    {"goVersion", GONG_API_STRING, YES, NO, 0, NULL, NULL, ""},
};
static SCHEMA(build_part, "PrometheusBuild", build_fields);

static const struct gong_api_field buildinfo_fields[] = {
    STATUS,
    {"data", GONG_API_OBJECT, YES, NO, 0, &build_part, NULL, ""},
};
SCHEMA(gong_api_prom_buildinfo_answer, "PrometheusBuildinfo", buildinfo_fields);
