/* What a desk is restored from. */
#include "agent/desk/desk_db_private.h"
#include "agent/desk/desk_row.h"

enum gong_err
gong_desk_db_each_open(struct gong_desk_db *db, gong_desk_incident_fn each,
                       void *ctx)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_INCIDENTS_OPEN);
    size_t count;

    return gong_desk_row_each(&row, each, ctx, &count);
}

enum gong_err
gong_desk_db_newest(struct gong_desk_db *db, uint64_t rule,
                    uint64_t fingerprint, gong_desk_incident_fn each, void *ctx)
{
    struct gong_sql_row row =
        gong_desk_db_row(db, GONG_DESK_DB_INCIDENT_NEWEST);
    size_t count;
    enum gong_err err;

    gong_sql_put_int(&row, (int64_t)rule);
    gong_sql_put_int(&row, (int64_t)fingerprint);
    err = gong_desk_row_each(&row, each, ctx, &count);
    return err == GONG_OK && count == 0 ? GONG_ERR_NOT_FOUND : err;
}

enum gong_err
gong_desk_db_numbered(struct gong_desk_db *db, uint64_t number,
                      gong_desk_incident_fn each, void *ctx)
{
    struct gong_sql_row row =
        gong_desk_db_row(db, GONG_DESK_DB_INCIDENT_NUMBERED);
    size_t count;
    enum gong_err err;

    gong_sql_put_int(&row, (int64_t)number);
    err = gong_desk_row_each(&row, each, ctx, &count);
    return err == GONG_OK && count == 0 ? GONG_ERR_NOT_FOUND : err;
}

static enum gong_err
restore_incident(void *ctx, const struct gong_desk_incident *incident)
{
    return gong_desk_restore_incident(ctx, incident);
}

static enum gong_err
restore_incidents(struct gong_desk_db *db, struct gong_desk *desk)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_INCIDENTS_KEPT);
    size_t count;

    return gong_desk_row_each(&row, restore_incident, desk, &count);
}

static enum gong_err
restore_silences(struct gong_desk_db *db, struct gong_desk *desk)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_SILENCES);
    enum gong_err err;

    while ((err = gong_sql_next(&row)) == GONG_OK) {
        struct gong_desk_silence silence;

        gong_desk_row_get_silence(&row, &silence);
        err = gong_desk_restore_silence(desk, &silence);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
restore_groups(struct gong_desk_db *db, struct gong_desk *desk)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_GROUPS);
    enum gong_err err;

    while ((err = gong_sql_next(&row)) == GONG_OK) {
        struct gong_str key = gong_sql_get_text(&row);
        struct gong_str state = gong_sql_get_text(&row);

        err = gong_desk_restore_group(desk, key, state);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

enum gong_err
gong_desk_db_restore(struct gong_desk_db *db, struct gong_desk *desk)
{
    enum gong_err err =
        gong_desk_restore(desk, db->next_incident, db->next_silence);

    if (err == GONG_OK) {
        err = restore_incidents(db, desk);
    }
    if (err == GONG_OK) {
        err = restore_silences(db, desk);
    }
    return err == GONG_OK ? restore_groups(db, desk) : err;
}
