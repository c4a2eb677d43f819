#include <stdlib.h>
#include <string.h>

#include "agent/api/api_routes.h"

/* OpenAPI 3.0 of the route table: one path item per path, one schema per name.
 */

static void
put(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

static json_t *
reference(const char *schema)
{
    return json_pack("{s:s+}", "$ref", "#/components/schemas/", schema);
}

static void add_schema(json_t *schemas, const struct gong_api_schema *schema);

static json_t *
type_of(enum gong_api_type type)
{
    switch (type) {
    case GONG_API_STRING:
    case GONG_API_TEXT:
    case GONG_API_BYTES:
        return json_pack("{s:s}", "type", "string");
    case GONG_API_INTEGER:
        return json_pack("{s:s,s:s}", "type", "integer", "format", "int64");
    case GONG_API_AMOUNT:
        return json_pack("{s:s,s:s,s:i,s:I}", "type", "integer", "format",
                         "int64", "minimum", 0, "maximum",
                         (json_int_t)GONG_API_AMOUNT_MAX);
    case GONG_API_NUMBER:
        return json_pack("{s:s}", "type", "number");
    case GONG_API_BOOLEAN:
        return json_pack("{s:s}", "type", "boolean");
    case GONG_API_OBJECT:
        return json_pack("{s:s}", "type", "object");
    case GONG_API_ARRAY:
        return json_pack("{s:s,s:{s:s}}", "type", "array", "items", "type",
                         "string");
    case GONG_API_MAP:
        return json_pack("{s:s,s:{s:s}}", "type", "object",
                         "additionalProperties", "type", "string");
    case GONG_API_ANY:
        break;
    }
    return json_object();
}

static void
put_limits(json_t *object, const struct gong_api_field *field)
{
    if (field->choices != NULL) {
        json_t *words = json_array();

        for (size_t i = 0; field->choices[i] != NULL; i++) {
            (void)json_array_append_new(words, json_string(field->choices[i]));
        }
        put(object, "enum", words);
    }
    if (field->max > 0) {
        put(object, field->type == GONG_API_ARRAY ? "maxItems" : "maxLength",
            json_integer((json_int_t)field->max));
    }
    if (field->nullable) {
        put(object, "nullable", json_true());
    }
    if (field->help[0] != '\0') {
        put(object, "description", json_string(field->help));
    }
}

static json_t *
field_json(json_t *schemas, const struct gong_api_field *field)
{
    json_t *object;

    if (field->of != NULL) {
        add_schema(schemas, field->of);
        if (field->type == GONG_API_OBJECT) {
            return reference(field->of->name);
        }
    }
    object = type_of(field->type);
    if (field->of != NULL) {
        put(object, "items", reference(field->of->name));
    }
    put_limits(object, field);
    return object;
}

static void
add_schema(json_t *schemas, const struct gong_api_schema *schema)
{
    json_t *object, *properties, *required;

    if (json_object_get(schemas, schema->name) != NULL) {
        return;
    }
    object = json_pack("{s:s}", "type", "object");
    put(schemas, schema->name, object);
    if (schema->fields == NULL) {
        return;
    }
    properties = json_object();
    required = json_array();
    put(object, "properties", properties);
    for (size_t i = 0; i < schema->count; i++) {
        const struct gong_api_field *field = &schema->fields[i];

        put(properties, field->name, field_json(schemas, field));
        if (field->required) {
            (void)json_array_append_new(required, json_string(field->name));
        }
    }
    if (json_array_size(required) > 0) {
        put(object, "required", required);
    } else {
        json_decref(required);
    }
    put(object, "additionalProperties", json_false());
}

static json_t *
content(const char *type, json_t *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", schema);
}

/* What is wrong with a question is said as Prometheus does where it answers
 * so; who may ask is a problem everywhere. */
static json_t *
errors_of(json_t *schemas, const struct gong_api_route *route)
{
    static const char theirs[] = "/api/v1/";
    json_t *bad = content("application/problem+json", reference("Problem"));

    if (strncmp(route->path, theirs, sizeof theirs - 1) == 0) {
        add_schema(schemas, &gong_api_prom_error_answer);
        put(bad, "application/json",
            json_pack("{s:o}", "schema",
                      reference(gong_api_prom_error_answer.name)));
    }
    return bad;
}

static json_t *
responses_of(json_t *schemas, const struct gong_api_route *route)
{
    json_t *good;

    if (route->answer != NULL) {
        add_schema(schemas, route->answer);
        good = content("application/json", reference(route->answer->name));
    } else {
        good = content(route->type, json_pack("{s:s}", "type", "string"));
    }
    return json_pack("{s:{s:s,s:o},s:{s:s,s:o}}", "2XX", "description", "Done.",
                     "content", good, "default", "description",
                     "A problem, as in RFC 7807.", "content",
                     errors_of(schemas, route));
}

static json_t *
parameters_of(const struct gong_api_route *route)
{
    const struct gong_api_parameter *query = route->query;
    const char *open = strchr(route->path, '{');
    json_t *parameters = json_array();

    if (open != NULL) {
        (void)json_array_append_new(
            parameters, json_pack("{s:s%,s:s,s:b,s:o}", "name", open + 1,
                                  (size_t)(strchr(open, '}') - open - 1), "in",
                                  "path", "required", 1, "schema",
                                  type_of(open[1] == 'n' && open[2] == '}'
                                              ? GONG_API_INTEGER
                                              : GONG_API_STRING)));
    }
    for (; query != NULL && query->name != NULL; query++) {
        (void)json_array_append_new(
            parameters, json_pack("{s:s,s:s,s:s,s:o}", "name", query->name,
                                  "in", "query", "description", query->help,
                                  "schema", type_of(query->type)));
    }
    return parameters;
}

/* A form has the parameters of the query. */
static json_t *
form_of(const struct gong_api_route *route)
{
    const struct gong_api_parameter *query = route->query;
    json_t *properties = json_object();

    for (; query != NULL && query->name != NULL; query++) {
        json_t *property = type_of(query->type);

        put(property, "description", json_string(query->help));
        put(properties, query->name, property);
    }
    return content(
        "application/x-www-form-urlencoded",
        json_pack("{s:s,s:o}", "type", "object", "properties", properties));
}

static json_t *
security_of(const struct gong_api_route *route)
{
    return route->action == GONG_ACTION_OPEN
               ? json_array()
               : json_pack("[{s:[]},{s:[]}]", "bearer", "cookie");
}

/* "POST" as "post". */
static void
lower(const char *method, char out[16])
{
    size_t i = 0;

    for (; method[i] != '\0' && i + 1 < 16; i++) {
        out[i] = (char)(method[i] - 'A' + 'a');
    }
    out[i] = '\0';
}

static const char *
where(enum gong_api_scope scope)
{
    switch (scope) {
    case GONG_API_SCOPE_NONE:
        return "";
    case GONG_API_SCOPE_ALL:
        return "over everything";
    case GONG_API_SCOPE_SOME:
        return "in some unit; the answer holds what may be read";
    case GONG_API_SCOPE_INCIDENT:
        return "in the incident's unit";
    case GONG_API_SCOPE_CONCERNED:
        return "in the incident's unit, or in one that its device affects";
    case GONG_API_SCOPE_SILENCE:
        return "in the silence's unit";
    case GONG_API_SCOPE_MATCHERS:
        return "in the unit that the matchers name";
    }
    return "";
}

static void
add_route(json_t *paths, json_t *schemas, const struct gong_api_route *route)
{
    json_t *path = json_object_get(paths, route->path);
    json_t *operation = json_pack(
        "{s:s,s:s++,s:o,s:o,s:o}", "summary", route->summary,
        "x-gong-permission", gong_action_text(route->action),
        route->scope == GONG_API_SCOPE_NONE ? "" : " ", where(route->scope),
        "security", security_of(route), "parameters", parameters_of(route),
        "responses", responses_of(schemas, route));
    char method[16];

    if (route->body == &gong_api_form_body) {
        put(operation, "requestBody",
            json_pack("{s:o}", "content", form_of(route)));
    } else if (route->body != NULL) {
        add_schema(schemas, route->body);
        put(operation, "requestBody",
            json_pack(
                "{s:b,s:o}", "required", 1, "content",
                content("application/json", reference(route->body->name))));
    }
    if (path == NULL) {
        path = json_object();
        put(paths, route->path, path);
    }
    lower(route->method, method);
    put(path, method, operation);
}

json_t *
gong_api_openapi(void)
{
    json_t *paths = json_object(), *schemas = json_object();

    if (paths == NULL || schemas == NULL) {
        json_decref(paths);
        json_decref(schemas);
        return NULL;
    }
    add_schema(schemas, &gong_api_problem_answer);
    for (size_t i = 0; i < gong_api_route_count; i++) {
        add_route(paths, schemas, &gong_api_routes[i]);
    }
    return json_pack(
        "{s:s,s:{s:s,s:s,s:s},s:o,s:{s:o,s:{s:{s:s,s:s},s:{s:s,s:s,s:s}}}}",
        "openapi", "3.0.3", "info", "title", "gong-agent", "version",
        GONG_VERSION, "description",
        "Alerts, incidents and users of a gong agent. Instants are ms since "
        "1970 unless Prometheus has them otherwise.",
        "paths", paths, "components", "schemas", schemas, "securitySchemes",
        "bearer", "type", "http", "scheme", "bearer", "cookie", "type",
        "apiKey", "in", "cookie", "name", "__Host-gong");
}

enum gong_err
gong_api_openapi_print(FILE *out)
{
    json_t *document = gong_api_openapi();
    char *text = document == NULL ? NULL : json_dumps(document, JSON_INDENT(2));
    bool written =
        text != NULL && fputs(text, out) >= 0 && fputc('\n', out) != EOF;

    free(text);
    json_decref(document);
    return text == NULL ? GONG_ERR_MEMORY : written ? GONG_OK : GONG_ERR_IO;
}
