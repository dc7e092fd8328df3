//! Changes a spec so that its deployment can be beside all others: another name, free ports, a free subnet.

use super::{AutoWord, Document, PortBase, PortsSpec, SpecPath};

impl Document {
    /// Gives the deployment `own_name` the name `name`. Ports, the subnet and the addresses of nodes are left to the
    /// engine, except the paths that are `kept`.
    pub(crate) fn set_apart(&mut self, own_name: &str, name: &str, kept: impl Fn(&SpecPath) -> bool) {
        let kept = |path: &[&str]| kept(&SpecPath::new(path));
        let Self { spec, places, .. } = self;
        spec.name = Some(name.to_owned());
        if !kept(&["ports", "base"]) {
            spec.ports.get_or_insert_with(PortsSpec::default).base = Some(PortBase::Word(AutoWord::Auto));
        }
        if let Some(network) = spec.network.as_mut().filter(|_| !kept(&["network", "subnet"])) {
            network.subnet = None;
        }
        for (node, mut settings) in std::mem::take(&mut spec.nodes).into_iter().flatten() {
            if !kept(&["nodes", &node, "port"]) {
                settings.port = None;
            }
            if !kept(&["nodes", &node, "ip"]) {
                settings.ip = None;
            }
            let number = node.strip_prefix(own_name).filter(|rest| rest.starts_with('-'));
            let renamed = number.map_or_else(|| node.clone(), |number| format!("{name}{number}"));
            places.rename(&SpecPath::new(&["nodes", &node]), &SpecPath::new(&["nodes", &renamed]));
            spec.nodes.get_or_insert_default().insert(renamed, settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::spec::{Inputs, Problem, Source, read};

    fn document(text: &str) -> Document {
        let source = Source { name: "shop.yaml".to_owned(), text: text.to_owned() };
        let files = BTreeMap::new();
        let inputs = Inputs { variable: &|_| None, overrides: &[], folder: Path::new(""), files: &files };
        read(source, &inputs).unwrap()
    }

    const SPEC: &str = "kind: cluster
network: {subnet: 172.30.7.0/24}
ports: {base: 7001, bind: 127.0.0.1}
nodes:
  shop-4: {port: 7104, ip: 172.30.7.44, config: {maxmemory: 1gb}}
";

    #[test]
    fn the_engine_chooses_everything_that_two_deployments_cannot_share() {
        let mut document = document(SPEC);
        document.set_apart("shop", "shop-x7k2", |_| false);
        let spec = document.spec;
        assert_eq!(spec.name.as_deref(), Some("shop-x7k2"));
        let ports = spec.ports.unwrap();
        assert!(matches!(ports.base, Some(PortBase::Word(AutoWord::Auto))) && ports.bind.is_some());
        assert_eq!(spec.network.unwrap().subnet, None);
        let nodes = spec.nodes.unwrap();
        assert_eq!(nodes.keys().collect::<Vec<_>>(), ["shop-x7k2-4"]);
        let node = &nodes["shop-x7k2-4"];
        assert!(node.port.is_none() && node.ip.is_none() && node.config.is_some());
    }

    #[test]
    fn a_kept_path_stays() {
        let mut document = document(SPEC);
        document.set_apart("shop", "shop-x7k2", |path| path.segments() == ["ports", "base"]);
        assert!(matches!(document.spec.ports.unwrap().base, Some(PortBase::Port(7001))));
    }

    #[test]
    fn problems_of_renamed_nodes_are_shown_at_their_lines() {
        let mut document = document(SPEC);
        document.set_apart("shop", "shop-x7k2", |_| false);
        let problem = Problem::new(&["nodes", "shop-x7k2-4", "config", "maxmemory"], "too much".to_owned());
        assert_eq!(document.locate(vec![problem]).located()[0].line, 5);
    }
}
