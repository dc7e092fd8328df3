//! Commands that prove the rules of users: the shortest form of each command, and its use of keys.

use crate::verify::KEY_LIFETIME;

/// Harmless commands: on keys and channels of the check, they lose no data even if the server wrongly permits them.
/// The first [`USUAL`] commands are sent as every user.
const HARMLESS: &str = "\
    ping; set w theirs PX LIFETIME; get r; del w; publish c heard; dbsize; config|get maxmemory; echo heard; \
    time; acl|whoami; client|getname; command|count; slowlog|len; latency|latest; script|exists none; unwatch; \
    role; lastsave; pubsub|channels none; exists k; strlen k; type k; ttl r; mget r; getrange r 0 0; getbit r 0; \
    bitcount r; hlen k; llen k; scard k; zcard k; xlen k; geopos r none; unlink w; expire w 15; pttl r; \
    hget r none; hgetall r; lrange r 0 0; smembers r; sismember k none; zrange r 0 0; zscore r none; info server";

/// How many commands of [`HARMLESS`] are sent as every user, independent of its rules.
pub(super) const USUAL: usize = 7;

/// The other commands of Redis 7.0 (`COMMAND`), for dry runs. A letter stands for a key or channel, by the command's
/// key specification. The command reads the key (`r`), writes it (`w`), does both (`b`) or neither (`k`); `c` is a
/// channel. The list omits commands that every user may run, such as AUTH, and commands with subcommands.
const OTHERS: &str = "\
    acl|cat; acl|deluser 1; acl|dryrun 1 1; acl|genpass; acl|getuser 1; acl|help; acl|list; acl|load; \
    acl|log; acl|save; acl|setuser 1; acl|users; acl|whoami; append w 1; asking; bgrewriteaof; bgsave; \
    bitcount r; bitfield r; bitfield_ro r; bitop 1 w r; bitpos r 1; blmove b w 1 1 1; blmpop 1 1 b LEFT; \
    blpop b 1; brpop b 1; brpoplpush b w 1; bzmpop 1 1 b MIN; bzpopmax b 1; bzpopmin b 1; \
    client|caching 1; client|getname; client|getredir; client|help; client|id; client|info; \
    client|kill 1; client|list; client|no-evict 1; client|pause 1; client|reply 1; client|setname 1; \
    client|tracking 1; client|trackinginfo; client|unblock 1; client|unpause; cluster|addslots 1; \
    cluster|addslotsrange 1 1; cluster|bumpepoch; cluster|count-failure-reports 1; \
    cluster|countkeysinslot 1; cluster|delslots 1; cluster|delslotsrange 1 1; cluster|failover; \
    cluster|flushslots; cluster|forget 1; cluster|getkeysinslot 1 1; cluster|help; cluster|info; \
    cluster|keyslot 1; cluster|links; cluster|meet 1 1; cluster|myid; cluster|nodes; cluster|replicas 1; \
    cluster|replicate 1; cluster|reset; cluster|saveconfig; cluster|set-config-epoch 1; \
    cluster|setslot 1 1; cluster|shards; cluster|slaves 1; cluster|slots; command|count; command|docs; \
    command|getkeys 1 1; command|getkeysandflags 1 1; command|help; command|info; command|list; \
    config|get 1; config|help; config|resetstat; config|rewrite; config|set 1 1; copy r w; dbsize; \
    debug 1; decr b; decrby b 1; del w; discard; dump r; echo 1; eval 1 1 b; eval_ro 1 1 r; \
    evalsha 1 1 b; evalsha_ro 1 1 r; exec; exists k; expire w 1; expireat w 1; expiretime r; failover; \
    fcall 1 1 b; fcall_ro 1 1 r; flushall; flushdb; function|delete 1; function|dump; function|flush; \
    function|help; function|kill; function|list; function|load 1; function|restore 1; function|stats; \
    geoadd w 1 1 1; geodist r 1 1; geohash r; geopos r; georadius r 1 1 1 1; georadius_ro r 1 1 1 1; \
    georadiusbymember r 1 1 1; georadiusbymember_ro r 1 1 1; geosearch r 1 1 1 1 1; \
    geosearchstore w r 1 1 1 1 1; get r; getbit r 1; getdel b; getex b; getrange r 1 1; getset b 1; \
    hdel w 1; hexists k 1; hget r 1; hgetall r; hincrby b 1 1; hincrbyfloat b 1 1; hkeys r; hlen k; \
    hmget r 1; hmset w 1 1; hrandfield r; hscan r 1; hset w 1 1; hsetnx w 1 1; hstrlen k 1; hvals r; \
    incr b; incrby b 1; incrbyfloat b 1; info; keys 1; lastsave; latency|doctor; latency|graph 1; \
    latency|help; latency|histogram; latency|history 1; latency|latest; latency|reset; lcs r r; \
    lindex r 1; linsert w 1 1 1; llen k; lmove b w 1 1; lmpop 1 b LEFT; lolwut; lpop b; lpos r 1; \
    lpush w 1; lpushx w 1; lrange r 1 1; lrem w 1 1; lset w 1 1; ltrim w 1 1; memory|doctor; \
    memory|help; memory|malloc-stats; memory|purge; memory|stats; memory|usage k; mget r; \
    migrate 1 1 b 1 1; module|help; module|list; module|load 1; module|loadex 1; module|unload 1; \
    monitor; move b 1; mset w 1; msetnx w 1; multi; object|encoding k; object|freq k; object|help; \
    object|idletime k; object|refcount k; persist w; pexpire w 1; pexpireat w 1; pexpiretime r; pfadd w; \
    pfcount r; pfdebug 1 r; pfmerge b r; pfselftest; ping; psetex w 1 1; psync 1 1; pttl r; publish c 1; \
    pubsub|channels; pubsub|help; pubsub|numpat; pubsub|numsub; pubsub|shardchannels; \
    pubsub|shardnumsub; punsubscribe; randomkey; readonly; readwrite; rename b w; renamenx b w; \
    replconf; replicaof 1 1; restore w 1 1; restore-asking w 1 1; role; rpop b; rpoplpush b w; \
    rpush w 1; rpushx w 1; sadd w 1; save; scan 1; scard k; script|debug 1; script|exists 1; \
    script|flush; script|help; script|kill; script|load 1; sdiff r; sdiffstore w r; select 0; set w 1; \
    setbit b 1 1; setex w 1 1; setnx w 1; setrange w 1 1; shutdown; sinter r; sintercard 1 r; \
    sinterstore w r; sismember k 1; slaveof 1 1; slowlog|get; slowlog|help; slowlog|len; slowlog|reset; \
    smembers r; smismember r 1; smove b w 1; sort r; sort_ro r; spop b; spublish c 1; srandmember r; \
    srem w 1; sscan r 1; ssubscribe c; strlen k; subscribe c; substr r 1 1; sunion r; sunionstore w r; \
    sunsubscribe; swapdb 1 1; sync; time; touch k; ttl r; type k; unlink w; unsubscribe; unwatch; \
    wait 1 1; watch k; xack w 1 1; xadd w 1 1 1; xautoclaim w 1 1 1 1; xclaim w 1 1 1 1; xdel w 1; \
    xgroup|create w 1 1; xgroup|createconsumer w 1 1; xgroup|delconsumer w 1 1; xgroup|destroy w 1; \
    xgroup|help; xgroup|setid w 1 1; xinfo|consumers r 1; xinfo|groups r; xinfo|help; xinfo|stream r; \
    xlen k; xpending r 1; xrange r 1 1; xread STREAMS r 1; xreadgroup GROUP 1 1 STREAMS r 1; \
    xrevrange r 1 1; xsetid w 1; xtrim w 1 1; zadd w 1 1; zcard k; zcount r 1 1; zdiff 1 r; \
    zdiffstore w 1 r; zincrby b 1 1; zinter 1 r; zintercard 1 r; zinterstore w 1 r; zlexcount r 1 1; \
    zmpop 1 b MIN; zmscore r 1; zpopmax b; zpopmin b; zrandmember r; zrange r 1 1; zrangebylex r 1 1; \
    zrangebyscore r 1 1; zrangestore w r 1 1; zrank r 1; zrem w 1; zremrangebylex w 1 1; \
    zremrangebyrank w 1 1; zremrangebyscore w 1 1; zrevrange r 1 1; zrevrangebylex r 1 1; \
    zrevrangebyscore r 1 1; zrevrank r 1; zscan r 1; zscore r 1; zunion 1 r; zunionstore w 1 r";

/// The use of a key or channel by a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It reads a key's value.
    Read,
    /// It writes a key, and does not return the old value.
    Write,
    /// It reads and writes a key.
    Both,
    /// It returns facts of a key, but not its value.
    Touch,
    /// It uses a channel.
    Channel,
}

/// A command to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SampleCommand {
    /// Lower case, `config|get` for a subcommand.
    pub(super) name: &'static str,
    /// Whether it is harmless.
    pub(super) harmless: bool,
    words: Vec<&'static str>,
}

/// Every sample command, the harmless commands first.
pub(super) fn sample_commands() -> Vec<SampleCommand> {
    let read = |table: &'static str, harmless| {
        table.split(';').filter_map(move |line| {
            let mut words = line.split_whitespace();
            Some(SampleCommand { name: words.next()?, harmless, words: words.collect() })
        })
    };
    let harmless: Vec<SampleCommand> = read(HARMLESS, true).collect();
    let others: Vec<SampleCommand> =
        read(OTHERS, false).filter(|other| harmless.iter().all(|one| one.name != other.name)).collect();
    harmless.into_iter().chain(others).collect()
}

impl SampleCommand {
    /// Its uses of its keys and channels.
    pub(super) fn uses(&self) -> impl Iterator<Item = Use> {
        self.words.iter().filter_map(|word| of_word(word))
    }

    /// Whether it takes a channel (`true`) or a key (`false`); `None` without both.
    pub(super) fn takes_channel(&self) -> Option<bool> {
        self.uses().next().map(|usage| usage == Use::Channel)
    }

    /// The first word after its name.
    pub(super) fn first_argument(&self) -> Option<&'static str> {
        self.words.first().copied()
    }

    /// The command in full, with `target` for its keys or channels.
    pub(super) fn full(&self, target: Option<&str>) -> Vec<String> {
        let name = self.name.split('|').map(str::to_ascii_uppercase);
        let rest = self.words.iter().map(|word| match *word {
            "LIFETIME" => KEY_LIFETIME.as_millis().to_string(),
            word if of_word(word).is_some() => target.unwrap_or_default().to_owned(),
            word => word.to_owned(),
        });
        name.chain(rest).collect()
    }
}

fn of_word(word: &str) -> Option<Use> {
    Some(match word {
        "r" => Use::Read,
        "w" => Use::Write,
        "b" => Use::Both,
        "k" => Use::Touch,
        "c" => Use::Channel,
        _ => return None,
    })
}
