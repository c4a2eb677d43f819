/* backup_fixture: a desk and its outbox that run (desk_life.h), users, and what
 * backs them up. The test's own connection to desk.db is closed while another
 * file takes its place: whoever closes it later would remove what lies beside
 * that. */
#ifndef GONG_TESTS_BACKUP_FIXTURE_H
#define GONG_TESTS_BACKUP_FIXTURE_H

#include "agent/backup/backup.h"
#include "desk_life.h"

struct backup_world {
    struct desk_life life;
    struct planned planned;
    struct gong_users *users;
    struct gong_backup backup;
    char users_path[96];
    char folder[96];
    char given[128]; /* what was sent to be restored */
};

int backup_world_setup(void **state);
int backup_world_teardown(void **state);
/* In a folder that another process made; world zeroed. */
void backup_world_begin_in(struct backup_world *world, const char *dir);
void backup_world_start(struct backup_world *world);

/* The test's own connection to the file that has the name now. */
void backup_world_look_away(struct backup_world *world);
void backup_world_look(struct backup_world *world);

void backup_world_add_user(struct backup_world *world, const char *name);
bool backup_world_has_user(struct backup_world *world, const char *name);

struct gong_backup_manifest backup_world_make(struct backup_world *world);
/* What was made goes back in pieces, as over the API. */
void backup_world_send_back(struct backup_world *world);
enum gong_err backup_world_try(struct backup_world *world,
                               struct gong_restored *out, char *why,
                               size_t why_size);
/* Has to come to pass; has to be refused, with reason in why. */
struct gong_restored backup_world_restore(struct backup_world *world);
void backup_world_refused(struct backup_world *world, enum gong_err expected,
                          const char *reason);
/* How many files of a folder have part in their name. */
size_t backup_world_files(const char *folder, const char *part);

#endif
