//! The result of `reset`, in one line.

use std::time::Duration;

use super::Palette;
use crate::reset_result::ResetResult;

/// `shop is empty again: 6 nodes, 1,234 keys removed, in 21 ms`.
pub(super) fn render(done: &ResetResult, palette: Palette) -> String {
    let code = [
        (done.libraries, "library of functions", "libraries of functions"),
        (done.scripts, "script", "scripts"),
    ];
    let mut removed = vec![counted(done.keys, "key", "keys")];
    removed.extend(positive(&code));
    let more = [
        (done.clients_ended, "connection ended", "connections ended"),
        (done.changes as u64, "other change", "other changes"),
    ];
    let mut parts =
        vec![counted(done.nodes as u64, "node", "nodes"), format!("{} removed", removed.join(", "))];
    parts.extend(positive(&more));
    parts.push(format!("in {}", duration(Duration::from_secs_f64(done.seconds))));
    let (name, state) = (palette.strong(&done.deployment), palette.good("empty again"));
    format!("{name} is {state}: {}\n", parts.join(", "))
}

/// The texts of the numbers above zero.
fn positive(numbers: &[(u64, &str, &str)]) -> impl Iterator<Item = String> {
    let numbers = numbers.iter().filter(|(number, ..)| *number > 0);
    numbers.map(|(number, one, many)| counted(*number, one, many))
}

/// `1 key`, `1,234 keys`.
fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with a comma between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().flat_map(std::str::from_utf8).collect();
    groups.join(",")
}

/// `21 ms`, `1.4 s`.
fn duration(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Clients;
    use crate::topology::DeploymentName;

    fn line(keys: u64, libraries: u64, scripts: u64, changes: usize, milliseconds: u64) -> String {
        let seconds = Duration::from_millis(milliseconds).as_secs_f64();
        let deployment = DeploymentName::new("shop").unwrap();
        let done = ResetResult {
            deployment,
            nodes: 6,
            keys,
            libraries,
            scripts,
            changes,
            clients_ended: 0,
            clients_left: Clients::default(),
            seconds,
        };
        render(&done, Palette::new(false))
    }

    #[test]
    fn the_line_names_what_was_removed() {
        assert_eq!(line(1234, 0, 0, 0, 21), "shop is empty again: 6 nodes, 1,234 keys removed, in 21 ms\n");
        assert_eq!(line(0, 0, 0, 0, 9), "shop is empty again: 6 nodes, 0 keys removed, in 9 ms\n");
        assert_eq!(
            line(1_000_000, 1, 2, 1, 1440),
            "shop is empty again: 6 nodes, 1,000,000 keys, 1 library of functions, 2 scripts removed, 1 other change, in 1.4 s\n"
        );
    }
}
