//! The routes of this machine, from Linux' `/proc/net/route`. A deployment's network must not hide a network that
//! this machine reaches.
//!
//! On other systems, engines run in a virtual machine. Their networks hide no network of this machine.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::facts::ReachedNetwork;

/// The route is up (`RTF_UP`).
const UP: u16 = 0x1;
/// The route leads to a gateway (`RTF_GATEWAY`).
const GATEWAY: u16 = 0x2;

/// The shortest prefix of a route to a particular network. Shorter routes are default routes, or the halves of the
/// address space that some VPNs use instead.
const LEAST_LENGTH: u8 = 8;

/// The networks in the lines of `/proc/net/route`. Lines of another form are skipped. `is_tunnel` recognizes a VPN's
/// interfaces: their routes lead to networks elsewhere, even without a gateway.
#[must_use]
pub fn read(text: &str, is_tunnel: impl Fn(&str) -> bool) -> Vec<ReachedNetwork> {
    text.lines().filter_map(|line| network(line, &is_tunnel)).collect()
}

/// Parses a line: `eth0 0000A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0`. The fields are interface, network, gateway,
/// flags, three numbers and mask. Addresses are in the processor's byte order.
fn network(line: &str, is_tunnel: impl Fn(&str) -> bool) -> Option<ReachedNetwork> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [interface, network, _, flags, _, _, _, mask, ..] = fields[..] else { return None };
    let address = |text: &str| Some(Ipv4Addr::from(u32::from_str_radix(text, 16).ok()?.to_ne_bytes()));
    let flags = u16::from_str_radix(flags, 16).ok()?;
    let subnet = Ipv4Net::with_netmask(address(network)?, address(mask)?).ok()?.trunc();
    let is_network = flags & UP != 0 && subnet.prefix_len() >= LEAST_LENGTH;
    let is_own = flags & GATEWAY == 0 && !is_tunnel(interface);
    is_network.then(|| ReachedNetwork { subnet, interface: interface.to_owned(), is_own })
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    /// A laptop: WLAN, default route, the engine's bridge, a VPN with and without a gateway, a route that is down.
    const LAPTOP: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
tun0\t00000080\t01081E0A\t0003\t0\t0\t0\t00000080\t0\t0\t0
tun0\t00001EAC\t01081E0A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
wg0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
wlan0\t0002A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0
eth0\t0003A8C0\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\t0\t0
";

    #[test]
    fn networks_are_told_from_default_routes() {
        let networks = read(LAPTOP, |interface| interface == "wg0");
        let found: Vec<String> = networks
            .iter()
            .map(|network| format!("{} {} {}", network.interface, network.subnet, network.is_own))
            .collect();
        assert_eq!(
            found,
            [
                "tun0 172.30.0.0/16 false",
                "wg0 10.0.0.0/8 false",
                "docker0 172.17.0.0/16 true",
                "wlan0 192.168.2.0/24 true",
            ]
        );
    }
}
