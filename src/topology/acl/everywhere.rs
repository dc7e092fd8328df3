//! The commands and categories that all known servers have (`COMMAND`, `ACL CAT`). The servers are Redis 6.0, 6.2,
//! 7.0, 8.0 and 8.2, and Valkey 8.1, 9.0 and 9.1. Redis before 7.0 accepts any subcommand of a command.

/// The categories.
const CATEGORIES: &str = "\
    admin bitmap blocking connection dangerous fast geo hash hyperloglog keyspace list pubsub read scripting \
    set slow sortedset stream string transaction write";

/// The commands and subcommands.
const COMMANDS: &str = "\
    acl acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|help acl|list acl|load acl|log acl|save \
    acl|setuser acl|users acl|whoami append asking auth bgrewriteaof bgsave bitcount bitfield bitfield_ro \
    bitop bitpos blpop brpop brpoplpush bzpopmax bzpopmin client client|caching client|getname \
    client|getredir client|help client|id client|info client|kill client|list client|no-evict client|pause \
    client|reply client|setname client|tracking client|trackinginfo client|unblock client|unpause cluster \
    cluster|addslots cluster|addslotsrange cluster|bumpepoch cluster|count-failure-reports \
    cluster|countkeysinslot cluster|delslots cluster|delslotsrange cluster|failover cluster|flushslots \
    cluster|forget cluster|getkeysinslot cluster|help cluster|info cluster|keyslot cluster|links \
    cluster|meet cluster|myid cluster|nodes cluster|replicas cluster|replicate cluster|reset \
    cluster|saveconfig cluster|set-config-epoch cluster|setslot cluster|shards cluster|slaves cluster|slots \
    command command|count command|docs command|getkeys command|getkeysandflags command|help command|info \
    command|list config config|get config|help config|resetstat config|rewrite config|set dbsize debug decr \
    decrby del discard dump echo eval evalsha exec exists expire expireat flushall flushdb geoadd geodist \
    geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro get getbit getrange getset \
    hdel hello hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hscan hset hsetnx hstrlen \
    hvals incr incrby incrbyfloat info keys lastsave latency latency|doctor latency|graph latency|help \
    latency|histogram latency|history latency|latest latency|reset lindex linsert llen lolwut lpop lpos \
    lpush lpushx lrange lrem lset ltrim memory memory|doctor memory|help memory|malloc-stats memory|purge \
    memory|stats memory|usage mget migrate module module|help module|list module|load module|loadex \
    module|unload monitor move mset msetnx multi object object|encoding object|freq object|help \
    object|idletime object|refcount persist pexpire pexpireat pfadd pfcount pfdebug pfmerge pfselftest ping \
    psetex psubscribe psync pttl publish pubsub pubsub|channels pubsub|help pubsub|numpat pubsub|numsub \
    pubsub|shardchannels pubsub|shardnumsub punsubscribe randomkey readonly readwrite rename renamenx \
    replconf replicaof restore restore-asking role rpop rpoplpush rpush rpushx sadd save scan scard script \
    script|debug script|exists script|flush script|help script|kill script|load sdiff sdiffstore select set \
    setbit setex setnx setrange shutdown sinter sinterstore sismember slaveof slowlog slowlog|get \
    slowlog|help slowlog|len slowlog|reset smembers smove sort spop srandmember srem sscan strlen subscribe \
    substr sunion sunionstore swapdb sync time touch ttl type unlink unsubscribe unwatch wait watch xack \
    xadd xclaim xdel xgroup xgroup|create xgroup|createconsumer xgroup|delconsumer xgroup|destroy \
    xgroup|help xgroup|setid xinfo xinfo|consumers xinfo|groups xinfo|help xinfo|stream xlen xpending xrange \
    xread xreadgroup xrevrange xsetid xtrim zadd zcard zcount zincrby zinterstore zlexcount zpopmax zpopmin \
    zrange zrangebylex zrangebyscore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange \
    zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunionstore";

/// Whether every server has a category, lower case.
#[must_use]
pub fn every_server_has_category(name: &str) -> bool {
    name == "all" || CATEGORIES.split_whitespace().any(|known| known == name)
}

/// Whether every server has a command, lower case; `config|get` for a subcommand.
#[must_use]
pub fn every_server_has_command(name: &str) -> bool {
    COMMANDS.split_whitespace().any(|known| known == name)
}
