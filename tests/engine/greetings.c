// A module with a command and an ACL category of its own, for tests. It uses no library and no header.
typedef struct Context Context;
typedef struct Command Command;
static int (*reply)(Context *, const char *);
static int hello(Context *context, void **words, int count) { return reply(context, "OK"); }
int RedisModule_OnLoad(Context *context, void **words, int count) {
    int (*get)(const char *, void *) = *(int (**)(const char *, void *))context;
    void (*attributes)(Context *, const char *, int, int);
    int (*category)(Context *, const char *);
    int (*create)(Context *, const char *, int (*)(Context *, void **, int), const char *, int, int, int);
    Command *(*command)(Context *, const char *);
    int (*put)(Command *, const char *);
    get("RedisModule_SetModuleAttribs", &attributes);
    get("RedisModule_AddACLCategory", &category);
    get("RedisModule_CreateCommand", &create);
    get("RedisModule_GetCommand", &command);
    get("RedisModule_SetCommandACLCategories", &put);
    get("RedisModule_ReplyWithSimpleString", &reply);
    attributes(context, "greetings", 1, 1);
    if (category(context, "greetings")) return 1;
    if (create(context, "greetings.hello", hello, "", 0, 0, 0)) return 1;
    return put(command(context, "greetings.hello"), "greetings");
}
