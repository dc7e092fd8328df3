//! The arguments of commands that read a spec: the spec itself, and what `export` and `init` write.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::NameArgument;

/// The spec, and overrides of its fields.
#[derive(Debug, Args)]
pub struct SpecArguments {
    /// The spec and most of its overrides.
    #[command(flatten)]
    pub fields: SpecFields,
    /// The image of every node; `host` makes one from this machine's own server.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
}

/// The spec, and overrides of its fields, without the image.
#[derive(Debug, Args)]
pub struct SpecFields {
    /// A spec file, `-` for stdin, or a name: `./topologies/NAME.yaml`, otherwise a shipped topology.
    #[arg(value_name = "TOPOLOGY", default_value = "cluster")]
    pub topology: String,
    /// The deployment's name.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The network's subnet.
    #[arg(long, value_name = "CIDR")]
    pub subnet: Option<String>,
    /// The first node's port, or `auto`.
    #[arg(long, value_name = "PORT")]
    pub port_base: Option<String>,
    /// Override any field: `shards=5`, `config.maxmemory=1gb`, `nodes.shop-4.port=7104`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Read variables for `${…}` from this file, too. Variables of the environment win.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

/// The formats of `export`.
#[derive(Debug, Subcommand)]
pub enum ExportFormat {
    /// A spec for `docker compose`: as one file with variables for passwords, or as a folder with all files
    ///
    /// The file goes to stdout. It cannot describe sentinels, and comments list the commands that form a cluster.
    /// `--output-dir` writes the whole deployment: certificates, users, sentinels, and a service that forms the
    /// cluster. Passwords and keys are in files of the folder that only you may read, and not in the compose file.
    Compose(ComposeArguments),
    /// A spec as Kubernetes manifests, with a Job that forms a cluster
    ///
    /// The manifests go to stdout. With passwords, `--output-dir` writes them to a folder, the Secret in a file of its own
    /// that only you may read. They fit the published schemas of Kubernetes; no cluster of it has run them.
    Kubernetes(FolderArguments),
    /// Shards, nodes and addresses of a spec as a Mermaid diagram
    Diagram(SpecArguments),
    /// A running deployment as a spec, without its passwords
    Spec(NameArgument),
    /// A drawing (SVG) of shards, slots, nodes and addresses, for light and dark pages
    Svg(SvgArguments),
}

/// Options of `export svg`.
#[derive(Debug, Args)]
pub struct SvgArguments {
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Draw this running deployment with its present roles, instead of a spec.
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["topology", "name", "image", "subnet", "port_base", "overrides", "env_file"]
    )]
    pub running: Option<String>,
}

/// Options of `export compose`.
#[derive(Debug, Args)]
pub struct ComposeArguments {
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Write `compose.yaml` and the files of the servers to this folder; it must be new or empty.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
}

/// Options of `export kubernetes`.
#[derive(Debug, Args)]
pub struct FolderArguments {
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Write `manifests.yaml` and `secret.yaml` to this folder; it must be new or empty.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The shipped topology to start from. Default: `cluster`; in a terminal, redisctl asks for everything.
    #[arg(value_name = "TOPOLOGY")]
    pub topology: Option<String>,
    /// The file to write. Default: `TOPOLOGY.yaml`.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}
