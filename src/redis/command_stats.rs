//! The number of commands that a server executed, from `INFO commandstats`.

/// Commands for the care of servers: of replicas, sentinels, health checks, tools and of this run. A watched server
/// without clients shall show no operations.
const CARE: &[&str] = &[
    "acl", "auth", "client", "cluster", "command", "config", "hello", "info", "latency", "module", "ping",
    "psync", "quit", "replconf", "role", "slowlog", "sync",
];

/// The number of executed commands, without those for the care of the server. A line is `cmdstat_get:calls=3,…`, or
/// `cmdstat_config|get:calls=3,…` since Redis 7.0.
pub(super) fn operations(text: &str) -> u64 {
    let calls = text.lines().filter_map(|line| {
        let (name, values) = line.trim_end().strip_prefix("cmdstat_")?.split_once(':')?;
        let command = name.split('|').next().unwrap_or(name);
        let calls = values.split(',').find_map(|value| value.strip_prefix("calls="))?;
        if CARE.contains(&command) { None } else { calls.parse::<u64>().ok() }
    });
    calls.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_for_the_care_of_a_server_do_not_count() {
        let text = "# Commandstats\r\n\
                    cmdstat_get:calls=3,usec=5,usec_per_call=1.67,rejected_calls=0,failed_calls=0\r\n\
                    cmdstat_config|get:calls=9,usec=5\r\n\
                    cmdstat_cluster:calls=8,usec=5\r\n\
                    cmdstat_replconf:calls=700,usec=5\r\n\
                    cmdstat_xgroup|create:calls=2,usec=5\r\n\
                    cmdstat_set:calls=18446744073709551615,usec=5\r\n\
                    cmdstat_broken\r\n";
        assert_eq!(operations(text), u64::MAX, "the sum is capped");
        assert_eq!(operations(&text.replace("cmdstat_set", "cmdstat_ping")), 5);
        assert_eq!(operations(""), 0, "a sentinel has no such section");
    }
}
